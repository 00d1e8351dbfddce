// The client against a real server, at the address given: three of them write at random, connections break if so
// told, and when it is quiet every view is a fresh read. tests/ws/javascript.rs runs it; by hand:
// node --experimental-websocket live.mjs ws://127.0.0.1:3000/sync/ws [breaks]

import assert from 'node:assert/strict';
import { connect } from '../sync.js';
import { until } from './server.js';

const [url, mode] = process.argv.slice(2);
const breaks = mode === 'breaks';
/** @param {number} n */
const roll = (n) => Math.floor(Math.random() * n);

/** Connections that are open. @type {Set<Breakable>} */
const open = new Set();

class Breakable extends WebSocket {
  /** @param {string} url */
  constructor(url) {
    super(url);
    open.add(this);
    this.addEventListener('close', () => open.delete(this));
  }

  snap() {
    open.delete(this);
    const lost = /** @type {() => void} */ (this.onclose);
    this.close();
    lost?.call(this);
  }
}

const clients = [0, 1, 2].map(() => {
  const sync = connect({ url, WebSocket: Breakable, token: 'ann' });
  sync.on('error', (error) => assert.fail(`${error.code}: ${error.message}`));
  const lists = sync.backend('lists');
  return { sync, lists, views: [lists.listen(), lists.listen({ filter: { owner: 'ann' } })] };
});
const quiet = () => clients.every(({ sync, lists }) => sync.settled && ![...lists.edited()].length);

await until(quiet, 'the first snapshots');
for (let step = 0; step < 2000; step += 1) {
  const { lists, views } = clients[roll(3)];
  const known = views[0].docs[roll(views[0].size || 1)]?.id;
  const what = roll(10);
  const owner = ['ann', 'bob'][roll(2)];
  /** @type {Promise<unknown>} */
  let write = Promise.resolve();
  if (what < 2) write = views[roll(2)].create({ name: `made ${step}`, owner });
  else if (known && what < 3) write = lists.delete(known);
  else if (known && what < 5) write = lists.update(known, { owner });
  else if (known) write = lists.update(known, { name: what < 6 ? '' : `name ${step}`, note: [null, 'x'][roll(2)] });
  write.catch(({ code }) => assert.match(code, /^(not_found|invalid|indeterminate)$/));
  if (breaks && roll(60) === 0) [...open][roll(open.size)]?.snap();
  if (roll(4) === 0) await new Promise((resolve) => setTimeout(resolve, roll(3)));
}
await until(quiet, 'quiet');

/** @type {import('../errors.js').Entry[]} */
const all = [];
for (let page; !page || page.length === 500; ) {
  page = (await clients[0].lists.find({ limit: 500, offset: all.length })).docs;
  all.push(...page);
}
const shown = (/** @type {any} */ view) => new Map(view.docs.map((/** @type {any} */ doc) => [doc.id, doc]));
const fresh = (/** @type {any} */ filter) =>
  new Map(all.filter(({ doc }) => !filter || doc.owner === filter.owner).map(({ id, doc }) => [id, doc]));
const views = clients.flatMap(({ views }) => views);
/** @param {any} view */
const equal = (view) => {
  try {
    assert.deepEqual(shown(view), fresh(view.filter));
    return true;
  } catch {
    return false;
  }
};
await until(() => views.every(equal), 'views that are fresh reads');
for (const { sync } of clients) {
  assert.deepEqual([sync.stats.resets, sync.stats.repairs], [0, 0], 'no reset and no repair');
  sync.close();
}
console.log(`${all.length} documents, ${clients.map(({ sync }) => sync.stats.reconnects)} reconnects`);
process.exit(0);
