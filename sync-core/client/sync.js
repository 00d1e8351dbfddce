// The browser's side of sync-core: `connect()` and the object it gives.
// Here frames find their views and requests; what they mean there is in view.js, copies.js and mutation.js.

import { Backend } from './backend.js';
import { Emitter } from './emitter.js';
import { SyncError } from './errors.js';
import { Requests } from './requests.js';
import { Socket } from './socket.js';

export { Backend } from './backend.js';
export { SyncError } from './errors.js';
export { uuid } from './values.js';
export { View } from './view.js';

/**
 * @typedef {object} Options
 * @property {string} [url] of the socket; if left out, `ws` beside this module
 * @property {string} [token] who this is, for the server's policy
 * @property {typeof WebSocket} [WebSocket] another implementation
 */

const PROTOCOL = 1;

/**
 * Connects, and stays connected until `close()`.
 *
 *     const sync = connect();
 *     const lists = sync.backend('lists').listen({ filter: { owner: 'ann' } });
 *     lists.on('add', (list) => console.log('new', list.name));
 *     await lists.ready;
 *     await lists.create({ name: 'Groceries', owner: 'ann' }); // shown at once, rejected if the server refuses
 *
 * @param {Options} [options]
 */
export function connect(options = {}) {
  return new Sync(options);
}

/** `ws` beside this module. */
function besideThis() {
  const url = new URL('./ws', import.meta.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/**
 * Events: `state` (connecting, online, offline), `status` (anything that a status line may show has changed), `error`
 * (SyncError that answers no request: a refused hello, a frame that the server did not understand).
 */
export class Sync extends Emitter {
  /** Counted since `connect()`. In a healthy system resets and repairs stay at zero. */
  stats = { resets: 0, repairs: 0, reconnects: 0, resumed: 0 };
  /** Writes that the server has not answered. */
  pending = 0;
  /** What the server said about itself. @type {any} */
  #welcome;
  #socket;
  #requests = new Requests();
  /** @type {Map<string, Backend>} */
  #backends = new Map();
  /** @type {Map<number, import('./view.js').View>} */
  #listens = new Map();
  /** What to do when our own change comes by. @type {Map<number, {before: (rev: number) => void, after: () => void}>} */
  #own = new Map();
  /** @type {(() => void)[]} */
  #undescribed = [];

  /** @param {Options} options */
  constructor({ url = besideThis(), token, WebSocket = globalThis.WebSocket }) {
    super();
    this.#socket = new Socket(url, { op: 'hello', protocol: PROTOCOL, token }, WebSocket);
    this.#socket.on('up', (welcome) => this.#up(welcome));
    this.#socket.on('down', () => this.#down());
    this.#socket.on('frame', (frame) => this.#receive(frame));
    this.#socket.on('refused', (frame) => this.emit('error', SyncError.of(frame)));
    this.#socket.on('state', (state) => {
      this.emit('state', state);
      this.changed();
    });
    this.#socket.open();
  }

  /** @returns {'connecting' | 'online' | 'offline'} */
  get state() {
    return this.#socket.state;
  }

  /** Whether everything shown is what the server has: online, every view live, no write unanswered. */
  get settled() {
    return this.state === 'online' && this.pending === 0 && this.#views().every(({ status }) => status === 'live');
  }

  /** @param {string} name as the server exposes it */
  backend(name) {
    const known = this.#backends.get(name) ?? new Backend(this, name);
    this.#backends.set(name, known);
    return known;
  }

  /** Ends it. What waits for an answer is rejected, what is shown stays. */
  close() {
    this.#socket.close();
    this.#requests.close();
  }

  // From here on: for the client's own modules.

  /**
   * The server's description of a backend.
   * @param {string} name
   * @returns {{id: string, actions: string[], fields: import('./values.js').Fields} | undefined}
   */
  describe(name) {
    const backends = this.#welcome?.backends ?? {};
    return Object.hasOwn(backends, name) ? backends[name] : undefined;
  }

  /** @param {() => void} then runs as soon as the server has described itself; at once if it has */
  described(then) {
    if (this.#welcome) then();
    else this.#undescribed.push(then);
  }

  /**
   * @param {Record<string, unknown>} frame
   * @param {boolean} repeatable
   * @param {import('./requests.js').Open['answer']} answer
   */
  ask(frame, repeatable, answer) {
    return this.#requests.ask(frame, repeatable, answer);
  }

  /**
   * @param {number} n
   * @param {{before: (rev: number) => void, after: () => void} | undefined} hooks around the views taking our own change
   */
  own(n, hooks) {
    if (hooks) this.#own.set(n, hooks);
    else this.#own.delete(n);
  }

  /** Counts a write as pending. @returns {() => void} counts it as answered */
  writing() {
    this.pending += 1;
    this.changed();
    return () => {
      this.pending -= 1;
      this.changed();
    };
  }

  /**
   * @param {import('./view.js').View} view
   * @param {object} frame
   * @returns {number} the name of the listen
   */
  listen(view, frame) {
    const n = this.#requests.next();
    this.#listens.set(n, view);
    this.#socket.send({ op: 'listen', n, ...frame });
    return n;
  }

  /** @param {number} listen */
  unlisten(listen) {
    if (!this.#listens.delete(listen) || this.state !== 'online') return;
    this.#requests.ask({ op: 'unlisten', listen }, true, () => {});
  }

  changed() {
    this.emit('status');
  }

  #views() {
    return [...this.#backends.values()].flatMap((backend) => [...backend.views]);
  }

  /** @param {any} welcome */
  #up(welcome) {
    if (this.#welcome) this.stats.reconnects += 1;
    this.#welcome = welcome;
    for (const view of this.#views()) view.open();
    this.#requests.up((frame) => this.#socket.send(frame));
    for (const then of this.#undescribed.splice(0)) then();
  }

  #down() {
    this.#listens.clear();
    this.#requests.down();
    // The next session will not tell of what this one wrote; what has not been sent yet keeps its place.
    for (const n of this.#own.keys()) if (!this.#requests.waiting(n)) this.#own.delete(n);
    for (const view of this.#views()) view.down();
  }

  /** @param {any} frame */
  #receive(frame) {
    if (frame.op === 'synced' || frame.op === 'gone') {
      this.#change(frame);
    } else if (frame.listen !== undefined) {
      this.#listens.get(frame.listen)?.receive(frame);
    } else if (frame.op === 'error' && this.#listens.has(frame.n)) {
      const view = this.#listens.get(frame.n);
      this.#listens.delete(frame.n);
      view?.receive(frame);
    } else if (frame.op === 'ack' || frame.op === 'error') {
      const awaited = this.#requests.answered(frame);
      if (!awaited && frame.op === 'error') this.emit('error', SyncError.of(frame));
    }
  }

  /** @param {any} frame */
  #change(frame) {
    const own = this.#own.get(frame.n);
    this.#own.delete(frame.n);
    const { id, rev } = frame.change ?? frame;
    own?.before(rev);
    const views = frame.listen.map((/** @type {number} */ listen) => this.#listens.get(listen));
    for (const view of views) view?.receive(frame);
    own?.after();
    for (const backend of new Set(views.map((/** @type {any} */ view) => view?.backend))) backend?.prune([String(id)]);
  }
}
