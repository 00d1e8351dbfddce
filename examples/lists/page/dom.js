// The few things about the DOM that every part of the page needs. Text only ever becomes text.

/**
 * @param {string} testid
 * @param {ParentNode} [within]
 * @returns {any}
 */
export function at(testid, within = document) {
  return within.querySelector(`[data-testid="${testid}"]`);
}

/**
 * An element with properties, data-testid and children.
 * @param {string} tag
 * @param {Record<string, any>} props
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function make(tag, { testid, label, ...props } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  if (testid) element.dataset.testid = testid;
  if (label) element.setAttribute('aria-label', label);
  element.append(...children);
  return element;
}

/**
 * Runs `draw` soon, once for many calls: with the next frame, or a little later in a tab that gets no frames.
 * @param {() => void} draw
 */
export function batched(draw) {
  let due = false;
  const run = () => {
    if (!due) return;
    due = false;
    draw();
  };
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(run);
    setTimeout(run, 100);
  };
}

/**
 * Makes the children of `parent` the rows of `docs`, in order; rows that stay are not touched.
 * @param {HTMLElement} parent
 * @param {readonly any[]} docs
 * @param {(doc: any) => HTMLElement} create
 * @param {(row: any, doc: any) => void} update called when a row is new or its document is another object
 */
export function rows(parent, docs, create, update) {
  /** @type {Map<string, any>} */
  const old = new Map([...parent.children].map((/** @type {any} */ row) => [row.dataset.id, row]));
  const kept = new Set(docs.map(({ id }) => String(id)));
  for (const [id, row] of old) if (!kept.has(id)) row.remove();
  let place = parent.firstElementChild;
  for (const doc of docs) {
    const row = old.get(String(doc.id)) ?? Object.assign(create(doc), { doc: undefined });
    row.dataset.id = String(doc.id);
    if (row.doc !== doc) update(row, doc);
    row.doc = doc;
    if (place && row === place.nextElementSibling) {
      // The row before it has moved down. Moving that one instead of all that follow keeps the focus where it is.
      parent.append(place);
      place = row;
    }
    if (row === place) place = row.nextElementSibling;
    else parent.insertBefore(row, place);
  }
}

/**
 * Text that becomes an input where it stands: a click or Enter begins, Enter or leaving saves, Escape gives up.
 * @param {{testid: string, label: string, maxLength?: number, save: (text: string) => void}} options
 */
export function editable({ testid, label, maxLength, save }) {
  const button = make('button', { type: 'button', className: 'editable', testid, title: 'Click to rename' });
  const begin = () => {
    const before = button.textContent;
    const input = make('input', { className: 'editing', value: before, testid: `${testid}-input`, label });
    if (maxLength) input.maxLength = maxLength;
    const end = (/** @type {boolean} */ keep) => {
      input.onblur = null;
      const focused = document.activeElement === input;
      input.replaceWith(button);
      if (focused) button.focus();
      const text = input.value.trim();
      if (keep && text && text !== before) save(text);
    };
    input.onblur = () => end(true);
    input.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Enter' && !event.isComposing) end(true);
      if (event.key === 'Escape') end(false);
    };
    button.replaceWith(input);
    input.select();
  };
  button.onclick = begin;
  return button;
}
