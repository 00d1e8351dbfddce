// The left side: every list with the number of its open items, and the forms to find one and to start one.

import { uuid } from '/sync/sync.js';
import { at, batched, make, rows } from './dom.js';
import { notice, saved } from './status.js';

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * @param {import('../../../sync-core/client/sync.js').Sync} sync
 * @param {{select: (id: string) => void, selected: () => string | undefined}} page
 */
export function showLists(sync, page) {
  const lists = sync.backend('lists');
  const view = lists.listen({ comparator: (a, b) => byName.compare(String(a.name), String(b.name)) });
  const counts = countOpen(sync, () => draw());
  const [ul, search, hint] = [at('lists'), at('search'), at('no-lists')];

  const draw = batched(() => {
    const wanted = search.value.trim().toLowerCase();
    const docs = view.docs.filter(({ name }) => String(name).toLowerCase().includes(wanted));
    rows(ul, docs, row, (li, list) => {
      at('list-name', li).textContent = list.name;
      at('list-owner', li).textContent = list.owner ? `by ${list.owner}` : '';
    });
    for (const li of ul.children) mark(li);
    hint.hidden = docs.length > 0 || view.status === 'waiting';
    hint.textContent = wanted ? 'No list has that in its name.' : 'No lists yet. Name the first one below.';
  });

  /** @param {any} list */
  function row(list) {
    const link = make(
      'a', { href: `#${list.id}`, testid: 'list-link' },
      make('span', { className: 'grow' }, make('b', { testid: 'list-name' }), make('small', { testid: 'list-owner' })),
      make('span', { className: 'count', testid: 'list-count', title: 'open items' }),
    );
    const li = make('li', { testid: 'list' }, link);
    counts.watch(li);
    return li;
  }

  /** @param {any} li what is told by more than its document */
  function mark(li) {
    const here = li.dataset.id === page.selected();
    if (here && !li.firstChild.hasAttribute('aria-current')) li.scrollIntoView({ block: 'nearest' });
    if (here) li.firstChild.setAttribute('aria-current', 'page');
    else li.firstChild.removeAttribute('aria-current');
    const count = counts.get(li.dataset.id);
    at('list-count', li).textContent = count === undefined ? '' : count.toLocaleString();
  }

  ul.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    const next = step && /** @type {any} */ (event.target).closest('li')?.[step];
    if (!next) return;
    event.preventDefault();
    next.firstChild.focus();
  };

  at('new-list-form').onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const input = at('new-list');
    const name = input.value.trim();
    if (!name) return;
    input.value = '';
    search.value = '';
    const list = { id: uuid(), name, owner: at('me').value.trim() || 'guest', ...stamp(lists.fields) };
    const done = saved(`add the list “${name}”`, view.create(list));
    const before = page.selected();
    page.select(list.id);
    done.then((ok) => {
      if (ok) return;
      input.value ||= name;
      if (page.selected() === list.id) page.select(before ?? '');
    });
  };
  search.oninput = draw;
  view.on('add', draw);
  view.on('change', draw);
  view.on('remove', draw);
  view.on('reset', draw);
  view.on('error', (error) => notice(error.message));
  return { view, draw, counts };
}

/** @param {Record<string, {readonly?: boolean}>} fields */
function stamp(fields) {
  return fields.created && !fields.created.readonly ? { created: new Date() } : {};
}

/**
 * Numbers of open items. The selected list's own view knows it; the others are asked for when they come into sight, and
 * again when the user or the connection comes back. Following every item of every list would cost more than it tells.
 * @param {import('../../../sync-core/client/sync.js').Sync} sync
 * @param {() => void} draw
 */
function countOpen(sync, draw) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {Set<Element>} */
  const visible = new Set();
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) visible.delete(target);
      else if (visible.add(target)) ask(target);
    }
  });

  /** @param {any} li */
  async function ask(li) {
    const list = li.dataset.id;
    if (!li.isConnected || sync.state !== 'online') return;
    try {
      const { total } = await sync.backend('items').find({ filter: { list, done: false }, limit: 1 });
      set(list, total);
    } catch {
      // A number that is missing says enough.
    }
  }

  /**
   * @param {string} list
   * @param {number} open
   */
  function set(list, open) {
    if (counts.get(list) === open) return;
    counts.set(list, open);
    draw();
  }

  const askAll = () => visible.forEach(ask);
  sync.on('state', (state) => state === 'online' && askAll());
  window.addEventListener('focus', askAll);
  return { get: (/** @type {string} */ id) => counts.get(id), set, watch: (/** @type {Element} */ li) => sight.observe(li) };
}
