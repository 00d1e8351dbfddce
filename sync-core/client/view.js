// A standing query: the server's documents for it with this client's unanswered edits on top.
// What is in it is the server's to say; the view never evaluates its filter.

import { Copies } from './copies.js';
import { Emitter } from './emitter.js';
import { SyncError } from './errors.js';
import { same } from './values.js';

/** @typedef {import('./values.js').Doc} Doc */
/** @typedef {import('./backend.js').Backend} Backend */
/**
 * @typedef {object} ViewOptions
 * @property {Doc} [filter] which documents; all that are visible if left out
 * @property {string} [channel] hear only changes that were made in this channel
 * @property {(a: Doc, b: Doc) => number} [comparator] the order of `docs`; else the order of arrival
 */

const RETRY = 1000;

/**
 * Events: `add` (doc), `change` (doc, before), `remove` (doc), `reset` (docs, after a snapshot), `synced` ({method, id,
 * rev, own}, each change that the server tells), `status` (status), `error` (SyncError).
 */
export class View extends Emitter {
  /** @type {'waiting' | 'filling' | 'live' | 'failed' | 'closed'} */
  status = 'waiting';
  /** Settles with the view when the first snapshot is complete. @type {Promise<View>} */
  ready;
  /** @type {string | undefined} */
  #cursor;
  /** The number of the running listen; 0 if there is none. */
  #listen = 0;
  /** The snapshot under way, and the changes told meanwhile. @type {{copies: Copies, later: any[]} | undefined} */
  #filling;
  /** Edits that the server had answered when the snapshot under way began. @type {import('./mutation.js').Mutation[]} */
  #settled = [];
  #copies;
  /** What is shown, in order of arrival. @type {Map<string, Doc>} */
  #shown = new Map();
  /** @type {Doc[] | undefined} */
  #sorted;
  #comparator;
  #resolve = (/** @type {View} */ _view) => {};
  #reject = (/** @type {SyncError} */ _error) => {};

  /**
   * @param {Backend} backend
   * @param {ViewOptions} options
   */
  constructor(backend, { filter, channel, comparator }) {
    super();
    this.backend = backend;
    this.filter = filter;
    this.channel = channel;
    this.#comparator = comparator;
    this.#copies = this.#empty();
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ready.catch(() => {}); // whoever awaits it hears of the failure; whoever does not has the event
  }

  /** The documents as they are shown now; a fresh array after each change. @returns {readonly Doc[]} */
  get docs() {
    if (!this.#sorted) {
      this.#sorted = [...this.#shown.values()];
      if (this.#comparator) this.#sorted.sort(this.#comparator);
    }
    return this.#sorted;
  }

  get size() {
    return this.#shown.size;
  }

  /** @param {unknown} id */
  get(id) {
    return this.#shown.get(String(id));
  }

  /** The revision of the server's copy, for conditional writes. @param {unknown} id */
  rev(id) {
    return this.#copies.get(id)?.rev;
  }

  /**
   * Creates a document and shows it in this view at once.
   * @param {Doc} doc
   */
  create(doc) {
    return this.backend.create(doc, { view: this, channel: this.channel });
  }

  /** Ends it: no more events, no more frames. */
  close() {
    if (this.status === 'closed') return;
    this.#become('closed');
    this.backend.sync.unlisten(this.#listen);
    this.backend.closed(this);
  }

  // From here on: for the client's own modules.

  /** There is a session: ask for what was missed, or for everything. */
  open() {
    if (this.status === 'closed') return;
    const { sync, name } = this.backend;
    this.#filling = undefined;
    this.#settled = this.backend.settled();
    this.#listen = sync.listen(this, {
      backend: name,
      filter: this.filter,
      cursor: this.#cursor,
      channel: this.channel,
    });
    this.#become('filling');
  }

  /** The session is over; what is shown stays. */
  down() {
    this.#listen = 0;
    if (this.status !== 'closed') this.#become('waiting');
  }

  /** @param {any} frame one that names this listen */
  receive(frame) {
    if (frame.op === 'snapshot') this.#fill(frame);
    else if (frame.op === 'reset') this.#reset();
    else if (frame.op === 'resumed') this.#resumed(frame);
    else if (frame.op === 'error') this.#failed(SyncError.of(frame));
    else if (this.#filling) this.#filling.later.push(frame);
    else this.#change(frame);
  }

  /**
   * Shows what there is to show of one document.
   * @param {string} key
   */
  refresh(key) {
    const before = this.#shown.get(key);
    const doc = this.backend.overlay(this, key, this.#copies.get(key));
    if (doc === before || (doc && before && same(doc, before))) return;
    this.#sorted = undefined;
    if (!doc) {
      this.#shown.delete(key);
      this.emit('remove', before);
    } else {
      this.#shown.set(key, Object.freeze(doc));
      if (before) this.emit('change', doc, before);
      else this.emit('add', doc);
    }
  }

  /** @param {string} key the server's copy */
  copy(key) {
    return this.#copies.get(key);
  }

  #empty() {
    return new Copies(() => this.backend.fields);
  }

  #reset() {
    this.backend.sync.stats.resets += 1;
    this.#settled = this.backend.settled();
    this.#filling = { copies: this.#empty(), later: [] };
    this.#become('filling');
  }

  /** @param {any} frame */
  #fill({ docs, done, cursor }) {
    this.#filling ??= { copies: this.#empty(), later: [] };
    for (const entry of docs) this.#filling.copies.put(entry);
    if (!done) return;
    const { copies, later } = this.#filling;
    this.#filling = undefined;
    this.#copies = copies;
    this.#cursor = cursor;
    // A snapshot holds whatever was answered before it began, even if revisions began anew.
    for (const mutation of this.#settled) mutation.overIn(this);
    this.#settled = [];
    const keys = new Set([...this.#shown.keys(), ...copies.keys(), ...this.backend.edited()]);
    for (const key of keys) this.refresh(key);
    this.backend.prune([...keys]);
    this.emit('reset', this.docs);
    for (const frame of later) this.#change(frame);
    this.#become('live');
    this.#resolve(this);
  }

  /** @param {any} frame */
  #resumed({ cursor }) {
    this.backend.sync.stats.resumed += 1;
    this.#cursor = cursor;
    // Creations answered in an earlier session: if they belong here, their change is among what comes now.
    const settled = this.#settled.filter(({ kind }) => kind === 'create');
    for (const mutation of settled) mutation.overIn(this);
    for (const { key } of settled) this.refresh(key);
    // Of one that came and went meanwhile there may be nothing to tell, and no change that lets go of it.
    this.backend.prune(settled.map(({ key }) => key));
    this.#settled = [];
    this.#become('live');
    this.#resolve(this);
  }

  /** @param {any} frame `synced` or `gone` */
  #change(frame) {
    if (frame.cursor !== undefined) this.#cursor = frame.cursor;
    const { method, id, rev } = frame.change ?? { method: 'delete', ...frame };
    if (frame.op === 'gone') this.#copies.gone(id, rev);
    else if (this.#copies.synced(frame.change)) this.#repair(id);
    this.refresh(String(id));
    this.emit('synced', { method, id, rev, own: frame.n !== undefined });
  }

  /** @param {unknown} id */
  #repair(id) {
    const copies = this.#copies;
    const { sync, name } = this.backend;
    sync.stats.repairs += 1;
    sync.ask({ op: 'read', backend: name, id }, true, (error, ack) => {
      if (copies !== this.#copies || !copies.repairing(id) || this.status === 'closed') return;
      if (error && error.code !== 'not_found') this.#startOver(error);
      else if (copies.repaired(id, ack)) this.#repair(id);
      this.refresh(String(id));
    });
  }

  /** @param {SyncError} error a document could not be read: the whole view is asked for again */
  #startOver(error) {
    this.emit('error', error);
    this.backend.sync.unlisten(this.#listen);
    this.#cursor = undefined;
    this.#retry();
  }

  /** @param {SyncError} error */
  #failed(error) {
    this.#listen = 0;
    this.emit('error', error);
    if (error.code === 'unavailable' || error.code === 'internal') {
      this.#retry();
    } else {
      this.#become('failed');
      this.#reject(error);
    }
  }

  #retry() {
    this.down();
    setTimeout(() => {
      if (this.status === 'waiting' && this.backend.sync.state === 'online') this.open();
    }, RETRY);
  }

  /** @param {View['status']} status */
  #become(status) {
    if (this.status === status) return;
    this.status = status;
    this.emit('status', status);
    this.backend.sync.changed();
  }
}
