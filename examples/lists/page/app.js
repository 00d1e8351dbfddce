// Shared lists. What is selected is in the address (`#id`), so that reload, back and a shared link work.

import { connect } from '/sync/sync.js';
import { at } from './dom.js';
import { showItems } from './items.js';
import { showLists } from './lists.js';
import { notice, showStatus } from './status.js';

const sync = connect();
sync.on('error', (error) => notice(error.message));
showStatus(sync);

/** Who adds lists; kept by this browser. */
const me = at('me');
me.value = localStorage.getItem('lists.me') ?? 'guest';
me.onchange = () => localStorage.setItem('lists.me', me.value.trim());

// An id is a UUID and needs no decoding, which would throw at a link that was cut in the middle of a `%20`.
const chosen = () => location.hash.slice(1) || undefined;
const lists = showLists(sync, { selected: chosen, select: (id) => { location.hash = id; } });
const items = showItems(sync, lists.view, lists.counts.set);

function follow() {
  items.select(chosen());
  lists.draw();
}
window.addEventListener('hashchange', follow);
follow();

// What waits for the server waits in this tab only.
window.addEventListener('beforeunload', (event) => {
  if (sync.pending > 0) event.preventDefault();
});

// For the curious and for tests: lists.sync.stats
Object.assign(window, { lists: { sync } });
