// What a view makes of the server's stream: snapshots, changes, duplicates, gaps, resets.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Server, ID, OTHER, created, doc, gone, patch, record, until } from './server.js';

describe('a view', () => {
  /** @type {Server} */
  let server;
  beforeEach(() => { server = new Server(); });
  afterEach(() => server.end());

  it('shows a snapshot of several frames at once, in the order of arrival', async () => {
    const sync = server.connect();
    const view = sync.backend('lists').listen({ filter: { owner: 'ann' } });
    const seen = record(view);
    server.welcome();
    const ask = server.asked('listen');
    assert.deepEqual(ask, { op: 'listen', n: ask.n, backend: 'lists', filter: { owner: 'ann' } });
    server.tell({ op: 'snapshot', listen: ask.n, docs: [doc(OTHER, 2, { name: 'b' })], done: false });
    assert.deepEqual([view.size, sync.settled], [0, false]);
    server.tell({ op: 'snapshot', listen: ask.n, docs: [doc(ID, 3, { name: 'a' })], done: true, cursor: 'c' });
    assert.equal(await view.ready, view);
    assert.deepEqual(view.docs.map(({ name }) => name), ['b', 'a']);
    assert.deepEqual(seen, ['add b', 'add a', 'reset']);
    assert.equal(sync.settled, true);
  });

  it('sorts by a comparator', async () => {
    const byName = (a, b) => (a.name < b.name ? -1 : 1);
    const { view, listen } = await server.view([doc(OTHER, 2, { name: 'b' })], { comparator: byName });
    server.tell(created(listen, ID, 6, { name: 'a' }));
    assert.deepEqual(view.docs.map(({ name }) => name), ['a', 'b']);
    server.tell(patch(listen, ID, 6, 7, { name: 'c' }));
    assert.deepEqual(view.docs.map(({ name }) => name), ['b', 'c']);
  });

  it('applies patches, takes documents, lets go of what is gone', async () => {
    const { sync, view, listen, seen } = await server.view();
    server.tell(
      patch(listen, ID, 5, 6, { name: 'six' }),
      created(listen, OTHER, 7, { name: 'new' }),
      gone(listen, OTHER, 8),
    );
    assert.deepEqual(seen, ['change five six', 'add new', 'remove new']);
    assert.deepEqual([...view.docs], [{ id: ID, name: 'six' }]);
    assert.equal(view.rev(ID), 6);
    assert.deepEqual(sync.stats, { resets: 0, repairs: 0, reconnects: 0, resumed: 0 });
  });

  it('takes the revision over where only hidden fields changed', async () => {
    const { sync, view, listen, seen } = await server.view();
    server.tell({ op: 'synced', listen: [listen], change: { method: 'update', id: ID, prev: 5, rev: 6 } });
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }));
    assert.deepEqual([view.rev(ID), sync.stats.repairs, seen], [7, 0, ['change five seven']]);
  });

  it('keeps null apart from absent only where the field is nullable', async () => {
    const { view, listen } = await server.view([doc(ID, 5, { name: 'five', note: 'n', mark: 'm' })]);
    server.tell(patch(listen, ID, 5, 6, { note: null, mark: null }));
    assert.deepEqual(view.get(ID), { id: ID, name: 'five', mark: null });
    server.tell(patch(listen, ID, 6, 7, { mark: { $unset: true } }));
    assert.deepEqual(view.get(ID), { id: ID, name: 'five' });
  });

  it('ignores duplicates and what is older than a deletion', async () => {
    const { sync, view, listen, seen } = await server.view();
    const six = patch(listen, ID, 5, 6, { name: 'six' });
    server.tell(six, six, gone(listen, ID, 8), gone(listen, ID, 8));
    server.tell(created(listen, ID, 7, { name: 'ghost' }), patch(listen, ID, 6, 7, { name: 'ghost' }));
    assert.deepEqual(seen, ['change five six', 'remove six']);
    assert.deepEqual([view.size, sync.stats.repairs], [0, 0]);
    server.tell(created(listen, ID, 9, { name: 'again' }));
    assert.equal(view.get(ID).name, 'again');
  });

  it('reads a document once when a revision is missing, and applies what came meanwhile', async () => {
    const { sync, view, listen } = await server.view();
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }), patch(listen, ID, 7, 8, { name: 'eight' }));
    const reads = server.frames.filter(({ op }) => op === 'read');
    assert.deepEqual(reads, [{ op: 'read', n: reads[0].n, backend: 'lists', id: ID }]);
    assert.equal(view.get(ID).name, 'five');
    server.tell({ op: 'ack', n: reads[0].n, ...doc(ID, 7, { name: 'seven', note: 'missed' }) });
    assert.deepEqual(view.get(ID), { id: ID, name: 'eight', note: 'missed' });
    assert.equal(sync.stats.repairs, 1);
  });

  it('reads again when the answer is older than the change, and removes what is not there', async () => {
    const { sync, view, listen } = await server.view();
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }));
    server.tell({ op: 'ack', n: server.asked('read').n, ...doc(ID, 6, { name: 'six' }) });
    assert.equal(sync.stats.repairs, 2);
    server.tell({ op: 'error', n: server.asked('read').n, code: 'not_found', message: '' });
    assert.equal(view.size, 0);
  });

  it('lets a deletion win over the repair under way', async () => {
    const { view, listen } = await server.view();
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }), gone(listen, ID, 8));
    server.tell({ op: 'ack', n: server.asked('read').n, ...doc(ID, 9, { name: 'elsewhere' }) });
    assert.equal(view.size, 0);
  });

  // A repair may bring a revision at which the document has left the view already. The `gone` that says so is older
  // than the copy, and still has to count, or the document would stay for ever.
  it('lets go of a document that a repair brought from the future', async () => {
    const { view, listen } = await server.view();
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }));
    server.tell({ op: 'ack', n: server.asked('read').n, ...doc(ID, 9, { name: 'elsewhere' }) });
    assert.equal(view.get(ID).name, 'elsewhere');
    server.tell(gone(listen, ID, 8));
    assert.equal(view.size, 0);
  });

  it('keeps a document that came back after it was brought from the future', async () => {
    const { view, listen } = await server.view();
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }));
    server.tell({ op: 'ack', n: server.asked('read').n, ...doc(ID, 9, { name: 'nine' }) });
    server.tell(created(listen, ID, 9, { name: 'nine' }), gone(listen, ID, 8));
    assert.equal(view.get(ID).name, 'nine');
  });

  it('asks for everything again when a repair is refused', async () => {
    const { view, listen } = await server.view();
    const errors = [];
    view.on('error', ({ code }) => errors.push(code));
    server.tell(patch(listen, ID, 6, 7, { name: 'seven' }));
    server.tell({ op: 'error', n: server.asked('read').n, code: 'unavailable', message: '' });
    assert.deepEqual([server.asked('unlisten').listen, view.status, errors], [listen, 'waiting', ['unavailable']]);
    const again = await until(() => server.frames.filter(({ op }) => op === 'listen')[1], 'another listen');
    assert.equal(again.cursor, undefined);
    server.tell({ op: 'snapshot', listen: again.n, docs: [doc(ID, 7, { name: 'seven' })], done: true, cursor: 'd' });
    assert.equal(view.get(ID).name, 'seven');
  });

  it('applies what a hasty server tells during a snapshot after it', async () => {
    const { view, listen } = await server.view();
    server.tell({ op: 'reset', listen }, patch(listen, ID, 5, 6, { name: 'six' }));
    server.tell({ op: 'snapshot', listen, docs: [doc(ID, 5, { name: 'five' })], done: true, cursor: 'd' });
    assert.equal(view.get(ID).name, 'six');
  });

  it('tells only differences after a reset, and takes older revisions of a new store', async () => {
    const { sync, view, listen, seen } = await server.view([doc(ID, 5, { name: 'five' }), doc(OTHER, 6, { name: 'other' })]);
    server.tell({ op: 'reset', listen });
    assert.deepEqual([view.size, view.status], [2, 'filling']);
    server.tell({ op: 'snapshot', listen, docs: [doc(ID, 1, { name: 'one' })], done: true, cursor: 'd' });
    assert.deepEqual(seen, ['change five one', 'remove other', 'reset']);
    server.tell(patch(listen, ID, 1, 2, { name: 'two' }));
    assert.deepEqual([view.get(ID).name, sync.stats.resets, sync.stats.repairs], ['two', 1, 0]);
  });

  it('fails with the code of the server, and takes no frame after its end', async () => {
    const sync = server.connect();
    const view = sync.backend('lists').listen({ filter: { name: 'x' } });
    server.welcome();
    server.tell({ op: 'error', n: server.asked('listen').n, code: 'not_facet', message: 'name', fields: ['name'] });
    await assert.rejects(view.ready, { code: 'not_facet', fields: ['name'] });
    assert.equal(view.status, 'failed');

    const { view: second, listen, seen } = await server.view();
    second.close();
    assert.equal(server.asked('unlisten').listen, listen);
    server.tell(patch(listen, ID, 5, 6, { name: 'six' }));
    assert.deepEqual(seen, []);
  });

  it('cannot be made to reach a prototype', async () => {
    const { view, listen } = await server.view();
    server.tell(`{"op":"synced","listen":[${listen}],"change":{"method":"update","id":"${ID}","prev":5,"rev":6,`
      + '"patch":{"name":"six","__proto__":{"evil":1},"constructor":"c"}}}');
    const shown = view.get(ID);
    assert.equal(Object.getPrototypeOf(shown), Object.prototype);
    assert.equal(Object.hasOwn(shown, '__proto__'), false);
    assert.equal(shown.evil, undefined);
    assert.equal({}.evil, undefined);
    await until(() => shown.name === 'six');
  });
});
