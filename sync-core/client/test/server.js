// A scripted server: an in-memory WebSocket whose other end is the test. Nothing happens unless the test says so.

import { connect } from '../sync.js';

export const ID = '0198c5a2-9d1e-7c3b-8f00-2b6f1c9d4e10';
export const OTHER = '0198c5a2-9d1e-7c3b-8f00-2b6f1c9d4e11';

export const WELCOME = {
  op: 'welcome',
  protocol: 1,
  session: 's',
  server: 'a',
  backends: {
    lists: {
      id: 'id',
      actions: ['read', 'create', 'update', 'delete'],
      fields: {
        id: { kind: 'uuid', readonly: false, facet: true },
        name: { kind: 'string', readonly: false, facet: false },
        note: { kind: 'string', readonly: false, facet: false, optional: true },
        mark: { kind: 'string', readonly: false, facet: false, optional: true, nullable: true },
      },
    },
    ticks: { id: 'id', actions: ['create'], fields: { id: { kind: 'integer', readonly: false, facet: true } } },
  },
  limits: { frame: 1048576, snapshot: 10000, page: 500 },
};

/** Waits until `check` gives something. */
export async function until(check, what = 'something') {
  for (let round = 0; round < 800; round += 1) {
    const value = check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain for ${what}`);
}

export class Server {
  /** All connections so far; the last is the current one. */
  sockets = [];
  #clients = [];

  constructor() {
    const server = this;
    this.WebSocket = class {
      constructor(url) {
        this.url = url;
        this.sent = [];
        server.sockets.push(this);
      }

      send(text) {
        this.sent.push(JSON.parse(text));
      }

      close() {
        this.closed = true;
      }
    };
  }

  connect(options = {}) {
    const sync = connect({ url: 'ws://test/ws', WebSocket: this.WebSocket, ...options });
    this.#clients.push(sync);
    return sync;
  }

  end() {
    for (const sync of this.#clients) sync.close();
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** What the client sent on the current connection. */
  get frames() {
    return this.socket.sent;
  }

  /** The latest frame of this kind. */
  asked(op) {
    return this.frames.findLast((frame) => frame.op === op);
  }

  welcome(frame = WELCOME) {
    this.socket.onopen();
    this.tell(frame);
  }

  tell(...frames) {
    for (const frame of frames) this.socket.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  /** Cuts the connection; resolves when the client has come back. */
  async cut() {
    const before = this.sockets.length;
    this.socket.onclose?.();
    await until(() => this.sockets.length > before, 'a new connection');
  }

  /** An online client with one live view that holds `docs`. */
  async view(docs = [doc(ID, 5, { name: 'five' })], options = {}) {
    const sync = this.connect();
    const lists = sync.backend('lists');
    const view = lists.listen(options);
    this.welcome();
    const { n } = this.asked('listen');
    this.tell({ op: 'snapshot', listen: n, docs, done: true, cursor: 'c5' });
    await view.ready;
    return { sync, lists, view, listen: n, seen: record(view) };
  }
}

export function doc(id, rev, members) {
  return { id, rev, doc: { id, ...members } };
}

export function patch(listen, id, prev, rev, body, more = {}) {
  return { op: 'synced', listen: [listen].flat(), cursor: `c${rev}`, change: { method: 'update', id, prev, rev, patch: body }, ...more };
}

export function created(listen, id, rev, members, more = {}) {
  return { op: 'synced', listen: [listen].flat(), cursor: `c${rev}`, change: { method: 'create', id, rev, doc: { id, ...members } }, ...more };
}

export function gone(listen, id, rev, more = {}) {
  return { op: 'gone', listen: [listen].flat(), cursor: `c${rev}`, id, rev, ...more };
}

/** The events of a view, as short strings. */
export function record(view) {
  const seen = [];
  const name = (shown) => shown.name;
  view.on('add', (shown) => seen.push(`add ${name(shown)}`));
  view.on('change', (shown, before) => seen.push(`change ${name(before)} ${name(shown)}`));
  view.on('remove', (shown) => seen.push(`remove ${name(shown)}`));
  view.on('reset', () => seen.push('reset'));
  return seen;
}
