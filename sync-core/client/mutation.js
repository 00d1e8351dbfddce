// One optimistic edit: what a write will have done, laid over the server's copies until the stream has caught up.
// It ends when its own change arrives, when a view's copy has reached its revision, or when the server refuses it.

import { patched } from './values.js';

/** @typedef {import('./values.js').Doc} Doc */
/** @typedef {import('./view.js').View} View */

export class Mutation {
  /** The revision that it became, once the server has told. @type {number | undefined} */
  rev;
  /** Views that a newer snapshot has brought past it. @type {Set<View>} */
  #over = new Set();

  /**
   * @param {'create' | 'update' | 'delete'} kind
   * @param {unknown} id
   * @param {Doc} body the document of a create, the patch of an update
   * @param {{view?: View, channel?: string}} [where] of a create: where it is shown before the server has placed it
   */
  constructor(kind, id, body, where = {}) {
    this.kind = kind;
    this.id = id;
    this.key = String(id);
    this.body = body;
    this.where = where;
  }

  /** @param {any} ack what it turned into takes the place of what was wished for */
  acked(ack) {
    this.rev = ack.rev;
    this.body = ack.doc ?? ack.patch ?? this.body;
  }

  /** @param {View} view */
  overIn(view) {
    this.#over.add(view);
  }

  /**
   * Whether it still says more than the view's copy does.
   * @param {View} view
   * @param {import('./copies.js').Copy | undefined} copy
   */
  covers(view, copy) {
    if (this.#over.has(view)) return false;
    if (this.kind === 'create') return !copy && this.#pinnedIn(view);
    return !copy || this.rev === undefined || copy.rev < this.rev;
  }

  /**
   * A client never evaluates filters: a creation is shown in the view that it was made in, and in views of everything.
   * @param {View} view
   */
  #pinnedIn(view) {
    if (view === this.where.view) return true;
    return !view.filter && (view.channel === undefined || view.channel === this.where.channel);
  }

  /**
   * @param {Doc | undefined} doc
   * @param {import('./values.js').Fields} fields
   * @returns {Doc | undefined} what is shown in its place
   */
  over(doc, fields) {
    if (this.kind === 'create') return this.body;
    if (this.kind === 'delete' || !doc) return undefined;
    return patched(doc, this.body, fields);
  }
}
