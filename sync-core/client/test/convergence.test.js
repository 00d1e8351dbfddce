// The law: whatever happens, when it is quiet every view is what a fresh read would give, and nothing waits any more.
// A small but honest server, several clients, random writes, answers and changes in random order, connections that
// break anywhere. Without faults there must be no reset and no repair, or the law would hold for a client that polls.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '../sync.js';
import { WELCOME, until } from './server.js';

/** A repeatable random number below `n`. */
function dice(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) % n;
  };
}

class Model {
  docs = new Map();
  log = [];
  rev = 100;
  sessions = new Set();
  /** Cursors before this one are too old. */
  horizon = 0;

  constructor(roll) {
    this.roll = roll;
    const model = this;
    this.WebSocket = class {
      listens = new Map();
      out = [];

      constructor() {
        this.timer = setTimeout(() => this.open(), 0);
      }

      open() {
        model.sessions.add(this);
        this.onopen();
      }

      send(text) {
        const frame = JSON.parse(text);
        if (frame.op === 'hello') this.tell(WELCOME);
        else model.handle(this, frame);
      }

      tell(frame) {
        this.out.push(JSON.stringify(frame));
      }

      /** Delivers some of what is queued. */
      flush(most) {
        for (const data of this.out.splice(0, most)) this.onmessage?.({ data });
      }

      close() {
        clearTimeout(this.timer);
        model.sessions.delete(this);
      }
    };
  }

  matches(filter, doc) {
    return Boolean(doc) && Object.entries(filter ?? {}).every(([name, value]) => doc[name] === value);
  }

  handle(session, frame) {
    const { op, n, id } = frame;
    const held = this.docs.get(id);
    const refuse = (code) => session.tell({ op: 'error', n, code, message: code });
    if (op === 'listen') return this.listen(session, frame);
    if (op === 'create') return held ? refuse('exists') : this.commit(session, n, frame.doc.id, frame.doc);
    if (!held) return refuse('not_found');
    if (op === 'read') return session.tell({ op: 'ack', n, id, ...held });
    if (op === 'delete') return this.commit(session, n, id, undefined);
    if (frame.patch.name === 'refused') return refuse('invalid');
    return this.commit(session, n, id, { ...held.doc, ...frame.patch }, frame.patch);
  }

  listen(session, { n, filter, cursor }) {
    session.listens.set(n, filter);
    if (cursor !== undefined && Number(cursor) >= this.horizon) {
      session.tell({ op: 'resumed', listen: n, cursor });
      this.log.slice(Number(cursor)).forEach((change, i) => this.deliver(session, change, Number(cursor) + i + 1, undefined, n));
      return;
    }
    if (cursor !== undefined) session.tell({ op: 'reset', listen: n });
    this.snapshot(session, n);
  }

  snapshot(session, n) {
    const docs = [...this.docs].map(([id, held]) => ({ id, ...held })).filter(({ doc }) => this.matches(session.listens.get(n), doc));
    session.tell({ op: 'snapshot', listen: n, docs: docs.slice(0, 2), done: false });
    session.tell({ op: 'snapshot', listen: n, docs: docs.slice(2), done: true, cursor: String(this.log.length) });
  }

  commit(writer, n, id, after, patch) {
    const { rev: prev, doc: before } = this.docs.get(id) ?? {};
    const rev = (this.rev += 1 + this.roll(2));
    if (after) this.docs.set(id, { rev, doc: after });
    else this.docs.delete(id);
    const change = { id, rev, prev, before, after, patch };
    this.log.push(change);
    const ack = () => writer?.tell({ op: 'ack', n, id, rev, ...(patch ? { prev, patch } : after ? { doc: after } : {}) });
    const early = this.roll(2);
    if (early) ack();
    for (const session of this.sessions) this.deliver(session, change, this.log.length, session === writer ? n : undefined);
    if (!early) ack();
  }

  deliver(session, { id, rev, prev, before, after, patch }, position, n, only) {
    const views = { patch: [], doc: [], gone: [] };
    for (const [listen, filter] of session.listens) {
      if (only !== undefined && listen !== only) continue;
      const [was, is] = [this.matches(filter, before), this.matches(filter, after)];
      if (is) views[was && patch ? 'patch' : 'doc'].push(listen);
      else if (was) views.gone.push(listen);
    }
    const cursor = String(position);
    const synced = (listen, body) => ({ op: 'synced', listen, cursor, change: { method: before ? 'update' : 'create', id, prev, rev, ...body } });
    const frames = [];
    if (views.gone.length) frames.push({ op: 'gone', listen: views.gone, cursor, id, rev });
    if (views.doc.length) frames.push(synced(views.doc, { doc: after }));
    if (views.patch.length) frames.push(synced(views.patch, { patch }));
    if (n && !frames.length) frames.push(after ? synced([], { doc: after }) : { op: 'gone', listen: [], id, rev });
    if (n) frames.at(-1).n = n;
    for (const frame of frames) session.tell(frame);
  }
}

async function run(seed, { breaks, resets }) {
  const roll = dice(seed);
  const model = new Model(roll);
  const clients = [0, 1, 2].map(() => {
    const sync = connect({ url: 'ws://model', WebSocket: model.WebSocket });
    const lists = sync.backend('lists');
    return { sync, lists, views: [lists.listen(), lists.listen({ filter: { owner: 'ann' } })] };
  });
  const quiet = () => {
    for (const session of [...model.sessions]) session.flush(Infinity);
    return clients.every(({ sync }) => sync.settled) && [...model.sessions].every(({ out }) => !out.length);
  };
  try {
    await until(quiet);
    for (let step = 0; step < 150; step += 1) {
      const { lists, views } = clients[roll(3)];
      const known = views[0].docs[roll(views[0].size || 1)]?.id;
      const what = roll(10);
      const owner = ['ann', 'bob'][roll(2)];
      /** @type {Promise<unknown>} */
      let write = Promise.resolve();
      if (what < 2) write = views[roll(2)].create({ name: `made ${step}`, owner });
      else if (known && what < 3) write = lists.delete(known);
      else if (known && what < 5) write = lists.update(known, { owner });
      else if (known) write = lists.update(known, { name: what < 6 ? 'refused' : `name ${step}` });
      write.catch(({ code }) => assert.match(code, /^(not_found|invalid|indeterminate)$/));
      for (const session of [...model.sessions]) if (roll(2)) session.flush(1 + roll(3));
      if (breaks && roll(20) === 0) [...model.sessions][roll(3)]?.onclose?.();
      if (resets && roll(30) === 0) model.horizon = model.log.length;
      if (roll(4) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await until(quiet, `quiet after seed ${seed}`);
    for (const { sync, lists, views } of clients) {
      for (const view of views) {
        const fresh = [...model.docs].filter(([, { doc }]) => model.matches(view.filter, doc)).map(([id, { doc }]) => [id, doc]);
        assert.deepEqual(new Map(view.docs.map((doc) => [doc.id, doc])), new Map(fresh), `seed ${seed}`);
      }
      assert.deepEqual([sync.pending, [...lists.edited()].length], [0, 0], `seed ${seed}: nothing waits`);
      assert.equal(sync.stats.repairs, 0, `seed ${seed}: no repair`);
      if (!resets) assert.equal(sync.stats.resets, 0, `seed ${seed}: no reset`);
    }
  } finally {
    for (const { sync } of clients) sync.close();
  }
}

describe('views converge', () => {
  const seeds = Array.from({ length: Number(process.env.SEEDS ?? 20) }, (_, i) => Number(process.env.SEED ?? 1) + i);
  it('while all is well', async () => {
    for (const seed of seeds) await run(seed, { breaks: false, resets: false });
  });
  it('with connections that break', async () => {
    for (const seed of seeds) await run(seed, { breaks: true, resets: false });
  });
  it('with cursors that are too old', async () => {
    for (const seed of seeds) await run(seed, { breaks: true, resets: true });
  });
});
