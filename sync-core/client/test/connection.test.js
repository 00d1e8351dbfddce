// Losing the server and finding it again: hello, back-off, resume, and what becomes of requests.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Server, ID, WELCOME, created, doc, patch, until } from './server.js';

describe('a connection', () => {
  /** @type {Server} */
  let server;
  beforeEach(() => { server = new Server(); });
  afterEach(() => server.end());

  it('says hello, and nothing else before the welcome', () => {
    const sync = server.connect({ token: 't' });
    const states = [];
    sync.on('state', (state) => states.push(state));
    sync.backend('lists').listen();
    server.socket.onopen();
    assert.deepEqual(server.frames, [{ op: 'hello', protocol: 1, token: 't' }]);
    assert.equal(sync.state, 'connecting');
    server.tell(WELCOME);
    assert.deepEqual(server.frames.map(({ op }) => op), ['hello', 'listen']);
    assert.deepEqual(states, ['online']);
  });

  it('resumes each view with its latest cursor', async () => {
    const { sync, view, listen, seen } = await server.view();
    server.tell(patch(listen, ID, 5, 6, { name: 'six' }));
    await server.cut();
    assert.equal(view.get(ID).name, 'six');
    server.welcome();
    const ask = server.asked('listen');
    assert.equal(ask.cursor, 'c6');
    assert.notEqual(ask.n, listen);
    server.tell({ op: 'resumed', listen: ask.n, cursor: 'c6' }, patch(ask.n, ID, 6, 7, { name: 'seven' }));
    assert.deepEqual(seen, ['change five six', 'change six seven']);
    assert.deepEqual(sync.stats, { resets: 0, repairs: 0, reconnects: 1, resumed: 1 });
    assert.equal(sync.settled, true);
  });

  it('takes a snapshot where the cursor is no longer good', async () => {
    const { sync, view } = await server.view();
    await server.cut();
    server.welcome();
    const { n } = server.asked('listen');
    server.tell({ op: 'reset', listen: n }, { op: 'snapshot', listen: n, docs: [], done: true, cursor: 'x' });
    assert.deepEqual([view.size, sync.stats.resets, sync.stats.resumed], [0, 1, 0]);
  });

  it('keeps writes made offline, in order, and shows them', async () => {
    const { sync, lists, view } = await server.view();
    server.socket.onclose();
    assert.equal(sync.state, 'offline');
    const done = Promise.all([lists.update(ID, { name: 'a' }), lists.update(ID, { note: 'b' }), view.create({ name: 'c' })]);
    assert.deepEqual([sync.pending, view.get(ID).name, view.size], [3, 'a', 2]);
    await until(() => server.sockets.length === 2);
    server.welcome();
    assert.deepEqual(server.frames.map(({ op }) => op), ['hello', 'listen', 'update', 'update', 'create']);
    const { n: listen } = server.asked('listen');
    server.tell({ op: 'resumed', listen, cursor: 'c5' });
    const [one, two] = server.frames.filter(({ op }) => op === 'update');
    server.tell({ op: 'ack', n: one.n, id: ID, rev: 6, prev: 5, patch: { name: 'a' } });
    server.tell(patch(listen, ID, 5, 6, { name: 'a' }, { n: one.n }));
    server.tell({ op: 'ack', n: two.n, id: ID, rev: 7, prev: 6, patch: { note: 'b' } });
    server.tell({ op: 'ack', n: server.asked('create').n, ...doc('x', 8, {}) });
    await done;
    assert.equal(sync.pending, 0);
  });

  it('waits through more than one failed attempt', async () => {
    const { sync, lists, view } = await server.view([], { filter: { owner: 'ann' } });
    server.socket.onclose();
    const done = lists.create({ id: ID, name: 'patient' }, { view });
    await until(() => server.sockets.length === 2);
    await server.cut();
    assert.deepEqual([sync.pending, view.size], [1, 1]);
    server.welcome();
    const { n } = server.asked('create');
    // Its own change still finds it, although a connection was lost after it had got its number.
    server.tell(created([], ID, 6, { name: 'patient' }, { n }));
    assert.equal(view.size, 0);
    server.tell({ op: 'ack', n, ...doc(ID, 6, { name: 'patient' }) });
    assert.equal((await done).rev, 6);
  });

  it('writes made before the first welcome go out in order too', async () => {
    const sync = server.connect();
    const lists = sync.backend('lists');
    lists.create({ name: 'early' }).catch(() => {});
    lists.read(ID).catch(() => {});
    assert.equal(sync.pending, 1);
    server.welcome();
    assert.deepEqual(server.frames.map(({ op }) => op), ['hello', 'create', 'read']);
    assert.equal(typeof server.asked('create').doc.id, 'string');
  });

  it('does not know what became of a write that was sent', async () => {
    const { sync, lists, view } = await server.view();
    const done = lists.update(ID, { name: 'mine' });
    const n = server.asked('update').n;
    server.socket.onclose();
    await assert.rejects(done, { code: 'indeterminate' });
    assert.deepEqual([view.get(ID).name, sync.pending], ['five', 0]);
    await until(() => server.sockets.length === 2);
    server.welcome();
    assert.equal(server.asked('update'), undefined);
    const listen = server.asked('listen').n;
    server.tell({ op: 'resumed', listen, cursor: 'c5' }, patch(listen, ID, 5, 6, { name: 'mine' }));
    assert.equal(view.get(ID).name, 'mine');
    assert.ok(n);
  });

  it('asks reads and finds again', async () => {
    const { lists } = await server.view();
    const found = lists.find({ filter: { owner: 'ann' }, sort: ['-name'], limit: 2 });
    await server.cut();
    server.welcome();
    const { n, ...rest } = server.asked('find');
    assert.deepEqual(rest, { op: 'find', backend: 'lists', filter: { owner: 'ann' }, sort: ['-name'], limit: 2 });
    server.tell({ op: 'ack', n, docs: [doc(ID, 5, {})], total: 9 });
    assert.deepEqual(await found, { docs: [doc(ID, 5, {})], total: 9 });
  });

  it('keeps an answered edit on top until the resumed stream has caught up', async () => {
    const { lists, view, listen, seen } = await server.view();
    const done = lists.update(ID, { name: 'mine' });
    server.tell({ op: 'ack', n: server.asked('update').n, id: ID, rev: 6, prev: 5, patch: { name: 'mine' } });
    await done;
    await server.cut();
    server.welcome();
    const again = server.asked('listen').n;
    assert.notEqual(again, listen);
    server.tell({ op: 'resumed', listen: again, cursor: 'c5' });
    assert.equal(view.get(ID).name, 'mine');
    server.tell(patch(again, ID, 5, 6, { name: 'mine' }), patch(again, ID, 6, 7, { name: 'later' }));
    assert.deepEqual(seen, ['change five mine', 'change mine later']);
  });

  it('does not keep an answered creation that the resumed stream leaves out', async () => {
    const { view } = await server.view([], { filter: { owner: 'ann' } });
    const done = view.create({ id: ID, name: 'astray' });
    server.tell({ op: 'ack', n: server.asked('create').n, ...doc(ID, 6, { name: 'astray' }) });
    await done;
    await server.cut();
    server.welcome();
    server.tell({ op: 'resumed', listen: server.asked('listen').n, cursor: 'c5' });
    assert.equal(view.size, 0);
  });

  it('takes no number of an old session for one of its own', async () => {
    const { lists, view } = await server.view();
    const first = lists.update(ID, { name: 'lost' });
    const { n: old } = server.asked('update');
    server.socket.onclose();
    await assert.rejects(first);
    lists.update(ID, { name: 'waiting' }).catch(() => {});
    await until(() => server.sockets.length === 2);
    server.welcome();
    assert.notEqual(server.asked('update').n, old);
    assert.equal(view.get(ID).name, 'waiting');
  });

  it('comes back again and again, ever more slowly, and after a refused hello', async (context) => {
    context.mock.method(Math, 'random', () => 1);
    const sync = server.connect();
    const errors = [];
    sync.on('error', ({ code }) => errors.push(code));
    const times = [];
    for (let round = 0; round < 4; round += 1) {
      const start = performance.now();
      await server.cut();
      times.push(performance.now() - start);
    }
    [50, 100, 200, 400].forEach((delay, i) => assert.ok(times[i] > delay - 5 && times[i] < delay + 1000, String(times)));
    server.socket.onopen();
    server.tell({ op: 'error', code: 'denied', message: 'who?' });
    assert.deepEqual([errors, sync.state, server.socket.closed], [['denied'], 'offline', true]);
    const refused = performance.now();
    await until(() => server.sockets.length === 6, 'another try');
    assert.ok(performance.now() - refused > 1900, 'a server that says no is not pressed');
    server.welcome();
    assert.equal(sync.state, 'online');
  });

  it('reports errors that answer nothing, and ends for good when closed', async () => {
    const { sync, lists } = await server.view();
    const errors = [];
    sync.on('error', ({ code }) => errors.push(code));
    server.tell({ op: 'error', code: 'bad_frame', message: '?' });
    assert.deepEqual(errors, ['bad_frame']);
    const sent = lists.delete(ID);
    sync.close();
    await assert.rejects(sent, { code: 'indeterminate' });
    assert.deepEqual([sync.state, server.sockets.length, server.socket.closed], ['offline', 1, true]);
  });

  it('gives one view the whole document and another only the change', async () => {
    const { lists, view, listen } = await server.view();
    const other = lists.listen({ filter: { owner: 'ann' } });
    const { n } = server.asked('listen');
    server.tell({ op: 'snapshot', listen: n, docs: [], done: true, cursor: 'c5' });
    await other.ready;
    lists.update(ID, { owner: 'ann' }).catch(() => {});
    const { n: own } = server.asked('update');
    server.tell(patch(listen, ID, 5, 6, { owner: 'ann' }), created(n, ID, 6, { name: 'five', owner: 'ann' }, { n: own }));
    assert.deepEqual(view.get(ID), other.get(ID));
    assert.deepEqual([view.rev(ID), other.rev(ID)], [6, 6]);
  });
});
