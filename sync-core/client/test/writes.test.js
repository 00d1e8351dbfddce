// Optimistic edits: shown at once, and gone exactly when the stream has caught up or the server has refused.
// Each order in which the answer, our own change and other people's changes can arrive has its test.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Server, ID, OTHER, created, doc, gone, patch, record } from './server.js';

describe('a write', () => {
  /** @type {Server} */
  let server;
  beforeEach(() => { server = new Server(); });
  afterEach(() => server.end());

  it('is shown at once, acknowledged, then overtaken by its own change', async () => {
    const { sync, lists, view, listen, seen } = await server.view();
    const done = lists.update(ID, { name: 'mine' });
    assert.deepEqual([view.get(ID).name, sync.pending], ['mine', 1]);
    const { n } = server.asked('update');
    server.tell({ op: 'ack', n, id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    assert.deepEqual(await done, { id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    assert.deepEqual([view.get(ID).name, sync.pending], ['mine', 0]);
    server.tell(patch(listen, ID, 5, 6, { name: 'mine' }, { n }));
    server.tell(patch(listen, ID, 6, 7, { name: 'theirs' }));
    assert.deepEqual(seen, ['change five mine', 'change mine theirs']);
  });

  it('may see its own change before the acknowledgement', async () => {
    const { sync, lists, view, listen, seen } = await server.view();
    const done = lists.update(ID, { name: 'mine' });
    const { n } = server.asked('update');
    server.tell(patch(listen, ID, 5, 6, { name: 'mine' }, { n }), patch(listen, ID, 6, 7, { name: 'theirs' }));
    assert.deepEqual([view.get(ID).name, sync.pending], ['theirs', 1]);
    server.tell({ op: 'ack', n, id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    await done;
    assert.deepEqual([view.get(ID).name, sync.pending], ['theirs', 0]);
    assert.deepEqual(seen, ['change five mine', 'change mine theirs']);
  });

  it('stays on top of an older change by somebody else that arrives in between', async () => {
    const { lists, view, listen, seen } = await server.view();
    lists.update(ID, { name: 'mine' });
    const { n } = server.asked('update');
    server.tell({ op: 'ack', n, id: ID, rev: 7, prev: 6, patch: { name: 'mine' } });
    server.tell(patch(listen, ID, 5, 6, { name: 'theirs', note: 'theirs' }));
    assert.deepEqual(view.get(ID), { id: ID, name: 'mine', note: 'theirs' });
    server.tell(patch(listen, ID, 6, 7, { name: 'mine' }, { n }));
    assert.deepEqual(view.get(ID), { id: ID, name: 'mine', note: 'theirs' });
    assert.deepEqual(seen, ['change five mine', 'change mine mine']);
  });

  it('shows what the server made of it', async () => {
    const { lists, view, listen } = await server.view();
    const done = lists.update(ID, { name: '  trim me ' });
    const { n } = server.asked('update');
    server.tell({ op: 'ack', n, id: ID, rev: 6, prev: 5, patch: { name: 'trim me' } });
    await done;
    assert.equal(view.get(ID).name, 'trim me');
    server.tell(patch(listen, ID, 5, 6, { name: 'trim me' }, { n }));
    assert.equal(view.get(ID).name, 'trim me');
  });

  it('is taken back when the server refuses it, and only it', async () => {
    const { sync, lists, view, seen } = await server.view();
    const first = lists.update(ID, { name: '' });
    const second = lists.update(ID, { note: 'kept' });
    const [one, two] = server.frames.filter(({ op }) => op === 'update');
    server.tell({ op: 'error', n: one.n, code: 'invalid', message: 'empty', fields: ['name'] });
    await assert.rejects(first, { name: 'SyncError', code: 'invalid', fields: ['name'], message: 'empty' });
    assert.deepEqual(view.get(ID), { id: ID, name: 'five', note: 'kept' });
    server.tell({ op: 'ack', n: two.n, id: ID, rev: 6, prev: 5, patch: { note: 'kept' } });
    await second;
    assert.equal(sync.pending, 0);
    assert.deepEqual(seen, ['change five ', 'change  ', 'change  five']);
  });

  it('says in a conflict what is there now', async () => {
    const { lists } = await server.view();
    const done = lists.update(ID, { name: 'x' }, { rev: 4 });
    const { n, rev } = server.asked('update');
    assert.equal(rev, 4);
    server.tell({ op: 'error', n, code: 'conflict', message: '', current: doc(ID, 5, { name: 'five' }) });
    await assert.rejects(done, (error) => error.code === 'conflict' && error.current.rev === 5);
  });

  it('ends with the answer when it changed nothing', async () => {
    const { lists, view, listen } = await server.view();
    const done = lists.update(ID, { name: 'five' });
    server.tell({ op: 'ack', n: server.asked('update').n, id: ID, rev: 5, prev: 5, patch: {} });
    await done;
    server.tell(patch(listen, ID, 5, 6, { name: 'theirs' }));
    assert.equal(view.get(ID).name, 'theirs');
  });

  it('takes a document out of the view when that is what it did', async () => {
    const { lists, view, listen } = await server.view();
    lists.update(ID, { owner: 'bob' });
    const { n } = server.asked('update');
    server.tell(gone(listen, ID, 6, { n }), { op: 'ack', n, id: ID, rev: 6, prev: 5, patch: { owner: 'bob' } });
    assert.equal(view.size, 0);
  });

  it('hides what it deletes, and brings it back when that is refused', async () => {
    const { lists, view, listen, seen } = await server.view();
    const refused = lists.delete(ID);
    assert.equal(view.size, 0);
    server.tell({ op: 'error', n: server.asked('delete').n, code: 'denied', message: 'no' });
    await assert.rejects(refused, { code: 'denied' });
    assert.equal(view.get(ID).name, 'five');
    const done = lists.delete(ID);
    const { n } = server.asked('delete');
    server.tell({ op: 'ack', n, id: ID, rev: 6 });
    assert.deepEqual(await done, { id: ID, rev: 6 });
    assert.equal(view.size, 0);
    server.tell(gone(listen, ID, 6, { n }));
    assert.deepEqual([view.size, seen], [0, ['remove five', 'add five', 'remove five']]);
  });

  it('survives a reset while it waits', async () => {
    const { lists, view, listen, seen } = await server.view();
    const done = lists.update(ID, { name: 'mine' });
    const { n } = server.asked('update');
    server.tell({ op: 'reset', listen });
    server.tell({ op: 'snapshot', listen, docs: [doc(ID, 6, { name: 'theirs' })], done: true, cursor: 'd' });
    assert.equal(view.get(ID).name, 'mine');
    server.tell({ op: 'ack', n, id: ID, rev: 7, prev: 6, patch: { name: 'mine' } });
    await done;
    server.tell(patch(listen, ID, 6, 7, { name: 'mine' }, { n }));
    server.tell(patch(listen, ID, 7, 8, { name: 'later' }));
    assert.deepEqual(seen, ['change five mine', 'reset', 'change mine later']);
  });

  it('does not flicker when its own change falls into a reset', async () => {
    const { lists, view, listen, seen } = await server.view();
    lists.update(ID, { name: 'mine' });
    const { n } = server.asked('update');
    server.tell({ op: 'reset', listen }, patch([], ID, 5, 6, { name: 'mine' }, { n }));
    server.tell({ op: 'ack', n, id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    assert.equal(view.get(ID).name, 'mine');
    server.tell({ op: 'snapshot', listen, docs: [doc(ID, 5, { name: 'five' })], done: true, cursor: 'd' });
    server.tell(patch(listen, ID, 5, 6, { name: 'mine' }), patch(listen, ID, 6, 7, { name: 'later' }));
    assert.deepEqual(seen, ['change five mine', 'reset', 'change mine later']);
  });

  it('that was answered before a reset ends with the snapshot, even if revisions began anew', async () => {
    const { lists, view, listen } = await server.view();
    lists.update(ID, { name: 'mine' });
    server.tell({ op: 'ack', n: server.asked('update').n, id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    server.tell({ op: 'reset', listen });
    server.tell({ op: 'snapshot', listen, docs: [doc(ID, 1, { name: 'restored' })], done: true, cursor: 'd' });
    assert.equal(view.get(ID).name, 'restored');
  });

  it('refuses numbers that JSON cannot say, and sends dates and large integers in wire form', async () => {
    const { lists } = await server.view();
    await assert.rejects(lists.update(ID, { name: NaN }), { code: 'invalid_value', fields: ['name'] });
    lists.update(ID, { created: new Date(0), size: 2n ** 60n }).catch(() => {});
    assert.deepEqual(server.asked('update').patch, { created: '1970-01-01T00:00:00.000Z', size: '1152921504606846976' });
  });
});

describe('a creation', () => {
  /** @type {Server} */
  let server;
  beforeEach(() => { server = new Server(); });
  afterEach(() => server.end());

  it('gets an id, is pinned, and keeps its place when it comes back', async () => {
    const { view, listen, seen } = await server.view();
    const done = view.create({ name: 'new' });
    const { n, doc: body } = server.asked('create');
    assert.match(body.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual([...view.docs].at(-1), { id: body.id, name: 'new' });
    server.tell({ op: 'ack', n, id: body.id, rev: 6, doc: { ...body, owner: 'ann' } });
    assert.equal((await done).doc.owner, 'ann');
    assert.equal(view.get(body.id).owner, 'ann');
    server.tell(created(listen, body.id, 6, { name: 'new', owner: 'ann' }, { n }));
    assert.deepEqual(seen, ['add new', 'change new new']);
  });

  it('is shown in views of everything and in the one that it was made in, not in other people\'s filters', async () => {
    const { sync, lists, view } = await server.view();
    const [mine, others] = [lists.listen({ filter: { owner: 'ann' } }), lists.listen({ filter: { owner: 'bob' } })];
    for (const { n } of server.frames.filter(({ op }) => op === 'listen').slice(1)) {
      server.tell({ op: 'snapshot', listen: n, docs: [], done: true, cursor: 'c' });
    }
    await others.ready;
    mine.create({ name: 'new', owner: 'ann' }).catch(() => {});
    assert.deepEqual([view.size, mine.size, others.size, sync.pending], [2, 1, 0, 1]);
  });

  it('leaves the view when its own change says that it is not in it', async () => {
    const { view, listen, seen } = await server.view([], { filter: { owner: 'ann' } });
    view.create({ id: OTHER, name: 'astray' });
    const { n } = server.asked('create');
    server.tell({ op: 'ack', n, ...doc(OTHER, 6, { name: 'astray' }) });
    assert.equal(view.size, 1);
    server.tell(created([], OTHER, 6, { name: 'astray' }, { n }));
    assert.deepEqual([view.size, listen > 0, seen], [0, true, ['add astray', 'remove astray']]);
  });

  it('disappears when it is refused, with the edits that were made to it', async () => {
    const { sync, lists, view } = await server.view([]);
    const done = view.create({ id: OTHER, name: 'twice' });
    const edit = lists.update(OTHER, { name: 'twice!' });
    assert.equal(view.get(OTHER).name, 'twice!');
    server.tell({ op: 'error', n: server.asked('create').n, code: 'exists', message: 'taken' });
    server.tell({ op: 'error', n: server.asked('update').n, code: 'not_found', message: 'none' });
    await assert.rejects(done, { code: 'exists' });
    await assert.rejects(edit, { code: 'not_found' });
    assert.deepEqual([view.size, sync.pending], [0, 0]);
  });

  it('waits for its document where the server makes the id', async () => {
    const { sync } = await server.view();
    const done = sync.backend('ticks').create({ at: 1 });
    const { n, doc: body } = server.asked('create');
    assert.deepEqual(body, { at: 1 });
    server.tell({ op: 'ack', n, id: 7, rev: 1, doc: { id: 7, at: 1 } });
    assert.deepEqual(await done, { id: 7, rev: 1, doc: { id: 7, at: 1 } });
  });

  it('of a document that came and went while the connection was lost leaves nothing behind', async () => {
    const { lists, view } = await server.view();
    const done = view.create({ id: OTHER, name: 'new' });
    const { n } = server.asked('create');
    server.tell({ op: 'ack', n, ...created(0, OTHER, 6, {}).change, doc: { id: OTHER, name: 'new' } });
    await done;
    await server.cut();
    server.welcome();
    server.tell({ op: 'resumed', listen: server.asked('listen').n, cursor: 'c5' });
    assert.equal(view.get(OTHER), undefined);
    assert.deepEqual([...lists.edited()], []);
  });
});
