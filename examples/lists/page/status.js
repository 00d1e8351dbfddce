// Whether what is on the screen is what the server has, in a dot and a few words; and what went wrong, in a notice.

import { at, make } from './dom.js';

/** A save that is answered faster than this is not worth a word. */
const UNNOTICED = 150;
const NOTICE = 6000;

/** @param {import('../../../sync-core/client/sync.js').Sync} sync */
export function showStatus(sync) {
  const line = at('status');
  const words = line.querySelector('span');
  let met = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  const show = () => {
    clearTimeout(later);
    later = undefined;
    const [state, text] = describe(sync, met);
    line.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
  };
  sync.on('status', () => {
    met ||= sync.state === 'online';
    const [state] = describe(sync, met);
    const calm = line.dataset.state === 'in-sync' && (state === 'saving' || state === 'loading');
    if (!calm) show();
    else later ??= setTimeout(show, UNNOTICED);
  });
  show();
}

/**
 * @param {import('../../../sync-core/client/sync.js').Sync} sync
 * @param {boolean} met whether there has been a connection before
 */
function describe({ state, pending, settled }, met) {
  const changes = `${pending} ${pending === 1 ? 'change' : 'changes'}`;
  if (state !== 'online' && pending > 0) return ['offline', `offline: ${changes} waiting`];
  if (state !== 'online') return met ? ['reconnecting', 'reconnecting…'] : ['connecting', 'connecting…'];
  if (pending > 0) return ['saving', 'saving…'];
  return settled ? ['in-sync', 'in sync'] : ['loading', 'catching up…'];
}

/** @param {string} text */
export function notice(text) {
  const box = make('p', { className: 'notice', testid: 'notice', textContent: text });
  at('notices').append(box);
  setTimeout(() => box.remove(), NOTICE);
}

/**
 * A write whose failure the user should hear of. The client has taken the edit back already.
 * @param {string} what it was, as in "could not …"
 * @param {Promise<unknown>} write
 */
export async function saved(what, write) {
  try {
    await write;
    return true;
  } catch (/** @type {any} */ error) {
    if (error.code === 'indeterminate') notice(`The connection broke while trying to ${what}. Please check whether it was saved.`);
    else notice(`Could not ${what}: ${error.message}`);
    return false;
  }
}
