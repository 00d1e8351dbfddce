// The right side: one list with its items. Only the selected list is listened to.

import { at, batched, editable, make, rows } from './dom.js';
import { notice, saved } from './status.js';

/**
 * @param {import('../../../sync-core/client/sync.js').Sync} sync
 * @param {any} lists the view of all lists
 * @param {(list: string, open: number) => void} counted
 */
export function showItems(sync, lists, counted) {
  const items = sync.backend('items');
  const [sheet, empty, ul, hint] = [at('sheet'), at('empty'), at('items'), at('no-items')];
  /** @type {string | undefined} */
  let selected;
  /** @type {import('../../../sync-core/client/sync.js').View | undefined} */
  let view;

  const name = () => String(lists.get(selected)?.name ?? '');
  const heading = editable({
    testid: 'list-name-edit',
    label: 'Name of the list',
    maxLength: 200,
    save: (text) => saved('rename the list', lists.backend.update(selected, { name: text })),
  });
  at('list-title').append(heading);

  const draw = batched(() => {
    const list = selected === undefined ? undefined : lists.get(selected);
    sheet.hidden = !list;
    empty.hidden = Boolean(list);
    document.body.classList.toggle('open', Boolean(list));
    document.title = 'Shared lists';
    if (!list || !view) return;
    if (heading.textContent !== name()) heading.textContent = name();
    document.title = `${name()} · Shared lists`;
    rows(ul, view.docs, row, update);
    glow();
    const done = view.docs.filter((item) => item.done).length;
    at('facts').textContent = facts(list, view.size, done);
    sheet.querySelector('.bar i').style.width = `${view.size ? (100 * done) / view.size : 0}%`;
    hint.hidden = view.size > 0;
    /** @type {Record<string, string>} */
    const words = { live: 'Nothing here yet.', failed: 'These items cannot be shown.' };
    hint.textContent = words[view.status] ?? 'One moment…';
    if (view.status === 'live' || view.size > 0) counted(String(selected), view.size - done);
  });

  /** @param {any} item */
  function row({ id }) {
    const text = () => String(view?.get(id)?.title ?? '');
    const box = make('input', { type: 'checkbox', testid: 'item-done' });
    box.onchange = () => saved(`tick “${text()}”`, items.update(id, { done: box.checked }));
    const title = editable({
      testid: 'item-title',
      label: 'Title of the item',
      save: (next) => saved(`rename “${text()}”`, items.update(id, { title: next })),
    });
    const remove = make('button', { type: 'button', className: 'icon', testid: 'item-delete', textContent: '×' });
    remove.onclick = () => {
      const next = remove.closest('li').nextElementSibling;
      (next ? at('item-delete', next) : at('new-item')).focus();
      saved(`delete “${text()}”`, items.delete(id));
    };
    const detail = make('small', { testid: 'item-detail' });
    // The title may be out of the document while it is being edited; it is still kept up to date.
    return make('li', { testid: 'item', heading: title }, box, make('div', { className: 'grow' }, title, detail), remove);
  }

  /**
   * @param {any} li
   * @param {any} item
   */
  function update(li, item) {
    li.classList.toggle('done', item.done);
    const box = at('item-done', li);
    box.checked = item.done;
    box.setAttribute('aria-label', `Done: ${item.title}`);
    li.heading.textContent = item.title;
    at('item-detail', li).textContent = item.detail ?? '';
    at('item-delete', li).setAttribute('aria-label', `Delete: ${item.title}`);
  }

  at('new-item-form').onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const input = at('new-item');
    const title = input.value.trim();
    if (!title || !view) return;
    input.value = '';
    // On top, where the eyes are.
    const first = view.docs[0];
    const position = first ? Number(first.position) - 1 : 0;
    const done = saved(`add “${title}”`, view.create({ list: selected, title, detail: '', done: false, position }));
    done.then((ok) => { if (!ok) input.value ||= title; });
  };

  at('delete-list').onclick = async () => {
    const [id, all, title] = [selected, [...(view?.docs ?? [])], name()];
    const many = all.length === 1 ? '1 item' : `${all.length} items`;
    if (!(await confirmed(`Delete “${title}”${all.length ? ` and its ${many}` : ''}?`))) return;
    location.hash = '';
    const emptied = () => Promise.all(all.map((item) => items.delete(item.id).catch(unlessGone)));
    saved(`delete “${title}”`, lists.backend.delete(id).then(emptied));
  };

  /** Items that somebody else has touched since the last drawing. @type {Set<string>} */
  const touched = new Set();
  function glow() {
    if (!touched.size) return;
    for (const li of /** @type {Iterable<any>} */ (ul.children)) {
      if (!touched.has(li.dataset.id)) continue;
      li.classList.remove('touched');
      void li.offsetWidth; // lets the animation begin again
      li.classList.add('touched');
    }
    touched.clear();
  }

  for (const event of ['add', 'change', 'remove', 'reset']) lists.on(event, draw);

  return {
    /** @param {string | undefined} id */
    select(id) {
      if (id === selected) return;
      view?.close();
      ul.replaceChildren();
      selected = id;
      view = id === undefined ? undefined : items.listen({ filter: { list: id }, comparator: byPosition });
      for (const event of ['add', 'change', 'remove', 'reset', 'status']) view?.on(event, draw);
      view?.on('error', (error) => notice(error.message));
      view?.on('synced', ({ id: item, own }) => own || touched.add(String(item)));
      draw();
    },
  };
}

/**
 * @param {any} a
 * @param {any} b
 */
function byPosition(a, b) {
  return a.position - b.position || (a.id < b.id ? -1 : 1);
}

/**
 * @param {any} list
 * @param {number} all
 * @param {number} done
 */
function facts(list, all, done) {
  const since = list.created ? ` since ${new Date(list.created).toLocaleDateString(undefined, { dateStyle: 'medium' })}` : '';
  const by = list.owner ? `by ${list.owner}${since}` : '';
  return [all ? `${done.toLocaleString()} of ${all.toLocaleString()} done` : '', by].filter(Boolean).join(' · ');
}

/** @param {any} error somebody else, or the server itself, may have been faster */
function unlessGone(error) {
  if (error.code !== 'not_found') throw error;
}

/** @param {string} question */
function confirmed(question) {
  const dialog = at('confirm');
  dialog.querySelector('h2').textContent = question;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === 'yes');
  });
}
