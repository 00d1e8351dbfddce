// What was asked and not yet answered. Requests made while there is no connection wait here and go out in order.
// A read is simply asked again after a loss; of a write that was sent nobody knows, and that is what its caller is told.

import { SyncError } from './errors.js';

/**
 * @typedef {object} Open
 * @property {Record<string, unknown>} frame
 * @property {boolean} repeatable
 * @property {boolean} sent
 * @property {(error: SyncError | undefined, ack?: any) => void} answer
 */

export class Requests {
  #last = 0;
  /** @type {Map<number, Open>} */
  #open = new Map();
  /** @type {((frame: object) => void) | undefined} */
  #send;

  /** The number of the next request; never used twice, not even in another session. */
  next() {
    this.#last += 1;
    return this.#last;
  }

  /**
   * @param {Record<string, unknown>} request the frame without its `n`
   * @param {boolean} repeatable
   * @param {Open['answer']} answer called exactly once, at once when the answer arrives
   * @returns {number} its n
   */
  ask(request, repeatable, answer) {
    const n = this.next();
    const { op, ...rest } = request;
    const open = { frame: { op, n, ...rest }, repeatable, sent: false, answer };
    this.#open.set(n, open);
    this.#dispatch(open);
    return n;
  }

  /** @param {number} n */
  waiting(n) {
    return this.#open.has(n);
  }

  /**
   * @param {any} frame an `ack` or `error`
   * @returns {boolean} whether anybody waited for it
   */
  answered(frame) {
    const open = this.#open.get(frame.n);
    if (!open) return false;
    this.#open.delete(frame.n);
    if (frame.op === 'error') open.answer(SyncError.of(frame));
    else open.answer(undefined, frame);
    return true;
  }

  /** @param {(frame: object) => void} send there is a session from now on */
  up(send) {
    this.#send = send;
    for (const open of this.#open.values()) this.#dispatch(open);
  }

  /** The session is over. */
  down() {
    this.#send = undefined;
    for (const [n, open] of this.#open) {
      if (!open.sent) continue;
      open.sent = false;
      if (!open.repeatable) {
        this.#open.delete(n);
        open.answer(new SyncError('indeterminate', 'the connection was lost before the server answered'));
      }
    }
  }

  /** There will be no session any more. */
  close() {
    this.down();
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { answer } of open) answer(new SyncError('unavailable', 'the client was closed'));
  }

  /** @param {Open} open */
  #dispatch(open) {
    if (!this.#send || open.sent) return;
    open.sent = true;
    this.#send(open.frame);
  }
}
