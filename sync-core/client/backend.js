// One named collection of documents on the server: its verbs, its views, and the edits that wait for an answer.

import { Mutation } from './mutation.js';
import { uuid, wire } from './values.js';
import { View } from './view.js';

/** @typedef {import('./values.js').Doc} Doc */
/** @typedef {import('./errors.js').Entry} Entry */
/** @typedef {import('./sync.js').Sync} Sync */
/** @typedef {import('./view.js').ViewOptions} ViewOptions */
/**
 * @typedef {object} Query
 * @property {Doc} [filter]
 * @property {string[]} [sort] names of facets, `-name` for descending
 * @property {number} [limit]
 * @property {number} [offset]
 */

export class Backend {
  /** @type {Set<View>} */
  #views = new Set();
  /** Edits per document, oldest first. @type {Map<string, Mutation[]>} */
  #edits = new Map();

  /**
   * @param {Sync} sync
   * @param {string} name
   */
  constructor(sync, name) {
    this.sync = sync;
    this.name = name;
  }

  /** The fields of a document, as the server describes them. */
  get fields() {
    return this.sync.describe(this.name)?.fields ?? {};
  }

  /**
   * Follows the documents that match, until `close()`.
   * @param {ViewOptions} [options]
   */
  listen(options = {}) {
    const view = new View(this, { ...options, filter: wire(options.filter) });
    this.#views.add(view);
    if (this.sync.state === 'online') view.open();
    // Unanswered creations belong into a view of everything from the start.
    for (const key of this.#edits.keys()) view.refresh(key);
    return view;
  }

  /**
   * Creates a document. Without an id it gets a random UUID, where ids are UUIDs.
   * @param {Doc} doc
   * @param {{view?: View, channel?: string}} [options] `view`: show it there before the server has placed it
   * @returns {Promise<Entry>}
   */
  async create(doc, { view, channel } = {}) {
    let body = wire(doc);
    return this.#write({ op: 'create', channel }, () => {
      const { id: name = 'id', fields = {} } = this.sync.describe(this.name) ?? {};
      const uuids = Object.hasOwn(fields, name) && fields[name].kind === 'uuid';
      if (!Object.hasOwn(body, name) && uuids) body = { [name]: uuid(), ...body };
      // An id that the server makes is not known yet: such a document is shown when it arrives.
      const id = Object.hasOwn(body, name) ? body[name] : undefined;
      const mutation = id === undefined ? undefined : new Mutation('create', id, body, { view, channel });
      return { members: { doc: body }, mutation };
    });
  }

  /**
   * Changes some fields. With `rev` only if the document still has that revision.
   * @param {unknown} id
   * @param {Doc} patch
   * @param {{rev?: number, channel?: string}} [options]
   * @returns {Promise<{id: unknown, rev: number, prev: number, patch: Doc}>}
   */
  async update(id, patch, { rev, channel } = {}) {
    const body = wire(patch);
    const mutation = new Mutation('update', id, body);
    return this.#write({ op: 'update', channel }, () => ({ members: { id, patch: body, rev }, mutation }));
  }

  /**
   * @param {unknown} id
   * @param {{rev?: number, channel?: string}} [options]
   * @returns {Promise<{id: unknown, rev: number}>}
   */
  async delete(id, { rev, channel } = {}) {
    const mutation = new Mutation('delete', id, {});
    return this.#write({ op: 'delete', channel }, () => ({ members: { id, rev }, mutation }));
  }

  /**
   * @param {unknown} id
   * @returns {Promise<Entry>}
   */
  async read(id) {
    return this.#ask({ op: 'read', backend: this.name, id });
  }

  /**
   * One page of what matches, as it is now.
   * @param {Query} [query]
   * @returns {Promise<{docs: Entry[], total: number}>}
   */
  async find({ filter, sort, limit, offset } = {}) {
    return this.#ask({ op: 'find', backend: this.name, filter: wire(filter), sort, limit, offset });
  }

  // From here on: for the client's own modules.

  /** @returns {Iterable<View>} */
  get views() {
    return this.#views;
  }

  /** @param {View} view */
  closed(view) {
    this.#views.delete(view);
    this.prune([...this.#edits.keys()]);
  }

  /** The ids, as keys, of documents with edits. */
  edited() {
    return this.#edits.keys();
  }

  /** Edits that the server has answered and the stream has not caught up with. */
  settled() {
    return [...this.#edits.values()].flat().filter(({ rev }) => rev !== undefined);
  }

  /**
   * What a view shows in the place of `copy`.
   * @param {View} view
   * @param {string} key
   * @param {import('./copies.js').Copy | undefined} copy
   */
  overlay(view, key, copy) {
    let doc = copy?.doc;
    for (const mutation of this.#edits.get(key) ?? []) {
      if (mutation.covers(view, copy)) doc = mutation.over(doc, this.fields);
    }
    return doc;
  }

  /** @param {string[]} keys lets go of answered edits that no view needs any more */
  prune(keys) {
    for (const key of keys) {
      for (const mutation of this.#edits.get(key) ?? []) {
        if (mutation.rev !== undefined && !this.#needed(mutation)) this.#take(mutation);
      }
    }
  }

  /** @param {Mutation} mutation */
  #needed(mutation) {
    const edits = this.#edits.get(mutation.key) ?? [];
    return [...this.#views].some((view) => {
      const copy = view.copy(mutation.key);
      const created = () => edits.some((edit) => edit.kind === 'create' && edit.covers(view, copy));
      return mutation.covers(view, copy) && (copy !== undefined || created());
    });
  }

  /** @param {Mutation} mutation */
  #lay(mutation) {
    this.#edits.set(mutation.key, [...(this.#edits.get(mutation.key) ?? []), mutation]);
  }

  /** @param {Mutation} mutation */
  #take(mutation) {
    const rest = (this.#edits.get(mutation.key) ?? []).filter((edit) => edit !== mutation);
    if (rest.length) this.#edits.set(mutation.key, rest);
    else this.#edits.delete(mutation.key);
  }

  /** @param {string} key */
  #refresh(key) {
    for (const view of this.#views) view.refresh(key);
  }

  /**
   * @param {Record<string, unknown>} frame
   * @returns {Promise<any>}
   */
  #ask(frame) {
    return new Promise((resolve, reject) => {
      this.sync.described(() => {
        this.sync.ask(frame, true, (error, ack) => (error ? reject(error) : resolve(result(ack))));
      });
    });
  }

  /**
   * Shows a write at once, sends it, and takes it back if it is refused.
   * @param {{op: string, channel?: string}} frame
   * @param {() => {members: object, mutation: Mutation | undefined}} prepare runs when the server has described itself
   * @returns {Promise<any>}
   */
  #write({ op, channel }, prepare) {
    const counted = this.sync.writing();
    return new Promise((resolve, reject) => {
      this.sync.described(() => {
        const { members, mutation } = prepare();
        if (mutation) this.#lay(mutation);
        const n = this.sync.ask({ op, backend: this.name, ...members, channel }, false, (error, ack) => {
          if (mutation) this.#answered(mutation, n, error, ack);
          if (error) reject(error);
          else resolve(result(ack));
          counted();
        });
        if (mutation) {
          this.sync.own(n, { before: (rev) => this.#overtaken(mutation, rev), after: () => this.#refresh(mutation.key) });
          this.#refresh(mutation.key);
        }
      });
    });
  }

  /**
   * The stream has come to our own change.
   * @param {Mutation} mutation
   * @param {number} rev
   */
  #overtaken(mutation, rev) {
    mutation.rev = rev;
    // A view that waits for its snapshot has not been told: there the edit stays until the copy is at `rev`.
    const blind = [...this.#views].some(({ status }) => status === 'filling');
    if (!blind || mutation.kind === 'create') this.#take(mutation);
  }

  /**
   * @param {Mutation} mutation
   * @param {number} n
   * @param {Error | undefined} error
   * @param {any} ack
   */
  #answered(mutation, n, error, ack) {
    if (error) {
      this.sync.own(n, undefined);
      this.#take(mutation);
    } else {
      if (ack.rev === ack.prev) this.sync.own(n, undefined);
      mutation.acked(ack);
      this.prune([mutation.key]);
    }
    this.#refresh(mutation.key);
  }
}

/** @param {Record<string, unknown>} ack */
function result({ op: _op, n: _n, ...rest }) {
  return rest;
}
