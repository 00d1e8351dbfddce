// One connection that is there again and again: opens, says hello, and after a loss tries for ever.
// It knows nothing of requests or views. Events: `state`, `up` (welcome frame), `frame`, `down`, `refused` (error frame).

import { Emitter } from './emitter.js';
import { parse } from './values.js';

/** @typedef {'connecting' | 'online' | 'offline'} State */

const SHORTEST = 50;
const LONGEST = 2000;
/** How long the other side may take to say welcome. */
const PATIENCE = 10_000;

export class Socket extends Emitter {
  /** @type {State} */
  state = 'offline';
  /** @type {WebSocket | undefined} */
  #ws;
  #url;
  #hello;
  #WebSocket;
  #tries = 0;
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #nudge = () => this.#retryNow();

  /**
   * @param {string} url
   * @param {object} hello the first frame
   * @param {typeof WebSocket} Implementation
   */
  constructor(url, hello, Implementation) {
    super();
    this.#url = url;
    this.#hello = JSON.stringify(hello);
    this.#WebSocket = Implementation;
    // Timers sleep in hidden tabs and while the network is away: these two wake us earlier.
    globalThis.addEventListener?.('online', this.#nudge);
    globalThis.document?.addEventListener('visibilitychange', this.#nudge);
  }

  open() {
    clearTimeout(this.#timer);
    this.#become('connecting');
    /** @type {WebSocket} */
    let ws;
    try {
      ws = new this.#WebSocket(this.#url);
    } catch {
      this.#retryLater();
      return;
    }
    this.#ws = ws;
    this.#timer = setTimeout(() => this.#lost(ws), PATIENCE);
    ws.onopen = () => ws.send(this.#hello);
    ws.onmessage = ({ data }) => this.#receive(ws, parse(data));
    ws.onclose = () => this.#lost(ws);
  }

  /** @param {object} frame only while online */
  send(frame) {
    this.#ws?.send(JSON.stringify(frame));
  }

  /** Ends it for good. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.('online', this.#nudge);
    globalThis.document?.removeEventListener('visibilitychange', this.#nudge);
    if (this.#ws) this.#lost(this.#ws);
    else this.#become('offline');
  }

  /**
   * @param {WebSocket} ws
   * @param {any} frame
   */
  #receive(ws, frame) {
    if (this.state === 'online') {
      this.emit('frame', frame);
    } else if (frame.op === 'welcome') {
      clearTimeout(this.#timer);
      this.#tries = 0;
      this.state = 'online';
      this.emit('up', frame);
      this.emit('state', this.state);
    } else if (frame.op === 'error') {
      this.#tries = Infinity;
      this.emit('refused', frame);
      this.#lost(ws);
    }
  }

  /** @param {WebSocket} ws */
  #lost(ws) {
    if (ws !== this.#ws) return;
    this.#ws = undefined;
    // Not waiting for `close`: the closing handshake of a dead connection may take a minute.
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
    this.emit('down');
    if (this.#closed) this.#become('offline');
    else this.#retryLater();
  }

  #retryLater() {
    const longest = Math.min(LONGEST, SHORTEST * 2 ** this.#tries);
    this.#tries += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), SHORTEST + Math.random() * (longest - SHORTEST));
    this.#become('offline');
  }

  #retryNow() {
    const hidden = globalThis.document?.visibilityState === 'hidden';
    if (this.state === 'offline' && !this.#closed && !hidden) this.open();
  }

  /** @param {State} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }
}
