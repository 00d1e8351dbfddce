// The server's documents as one listen tells them: the table "Who keeps a copy" of PROTOCOL.md, section 4.
// It knows nothing of sockets or optimistic edits. A change that does not fit leaves a repair behind, which the owner
// answers with a read; changes of that document wait in the repair until then.

import { patched } from './values.js';

/** @typedef {import('./values.js').Doc} Doc */
/** @typedef {import('./values.js').Fields} Fields */
/**
 * @typedef {object} Change
 * @property {string} method
 * @property {unknown} id
 * @property {number} rev
 * @property {number} [prev]
 * @property {Doc} [doc]
 * @property {Doc} [patch]
 */
/**
 * `seen` is the last revision that the stream told, `rev` that of the document: a repair may have brought a newer one.
 * @typedef {{doc: Doc, rev: number, seen: number}} Copy
 */

const REMEMBERED = 4096;

export class Copies {
  /** @type {Map<string, Copy>} */
  #copies = new Map();
  /** Revisions at which documents left, newest last. @type {Map<string, number>} */
  #gone = new Map();
  /** @type {Map<string, Change[]>} */
  #repairs = new Map();
  #fields;

  /** @param {() => Fields} fields the fields of the documents, as the server last described them */
  constructor(fields) {
    this.#fields = fields;
  }

  /** @param {unknown} id */
  get(id) {
    return this.#copies.get(String(id));
  }

  keys() {
    return this.#copies.keys();
  }

  /**
   * Puts a document of a snapshot in place.
   * @param {import('./errors.js').Entry} entry
   */
  put({ id, rev, doc }) {
    this.#copies.set(String(id), { doc, rev, seen: rev });
  }

  /**
   * @param {Change} change
   * @returns {boolean} whether the document must be read now
   */
  synced(change) {
    const key = String(change.id);
    const waiting = this.#repairs.get(key);
    if (waiting && !change.doc) {
      waiting.push(change);
      return false;
    }
    return this.#apply(key, change);
  }

  /**
   * @param {string} key
   * @param {Change} change
   */
  #apply(key, change) {
    const { rev, prev, doc, patch } = change;
    const copy = this.#copies.get(key);
    const known = copy?.rev ?? this.#gone.get(key) ?? -1;
    if (copy) copy.seen = Math.max(copy.seen, rev);
    if (known >= rev) return false;
    if (doc) {
      this.#gone.delete(key);
      this.#copies.set(key, { doc, rev, seen: rev });
      // A repair that this overtakes has nothing left to do, unless what waits in it is newer still.
      const waiting = this.#repairs.get(key) ?? [];
      this.#repairs.delete(key);
      return this.#replay(waiting);
    }
    if (copy && copy.rev === prev) {
      const next = patch ? patched(copy.doc, patch, this.#fields()) : copy.doc;
      this.#copies.set(key, { doc: next, rev, seen: rev });
      return false;
    }
    this.#repairs.set(key, [change]);
    return true;
  }

  /**
   * @param {unknown} id
   * @param {number} rev
   */
  gone(id, rev) {
    const key = String(id);
    if ((this.#copies.get(key)?.seen ?? -1) > rev) return;
    this.#repairs.delete(key);
    this.#forget(key, rev);
  }

  /**
   * The answer of the read that a repair asked for; `entry` is undefined if there is no such document.
   * @param {unknown} id
   * @param {{rev: number, doc: Doc} | undefined} entry
   * @returns {boolean} whether the document must be read once more
   */
  repaired(id, entry) {
    const key = String(id);
    const waiting = this.#repairs.get(key);
    if (!waiting) return false;
    const { rev: needed } = waiting[0];
    if (entry && entry.rev < needed) return true;
    this.#repairs.delete(key);
    if (!entry) this.#forget(key, needed);
    else if ((this.#copies.get(key)?.rev ?? -1) < entry.rev) {
      this.#copies.set(key, { doc: entry.doc, rev: entry.rev, seen: needed });
    }
    return this.#replay(waiting.slice(1));
  }

  /** @param {unknown} id whether a repair of this document is under way */
  repairing(id) {
    return this.#repairs.has(String(id));
  }

  /** @param {Change[]} changes */
  #replay(changes) {
    return changes.map((change) => this.synced(change)).some(Boolean);
  }

  /**
   * @param {string} key
   * @param {number} rev
   */
  #forget(key, rev) {
    this.#copies.delete(key);
    const last = Math.max(rev, this.#gone.get(key) ?? -1);
    this.#gone.delete(key);
    this.#gone.set(key, last);
    if (this.#gone.size > REMEMBERED) {
      const [oldest] = this.#gone.keys();
      this.#gone.delete(oldest);
    }
  }
}
