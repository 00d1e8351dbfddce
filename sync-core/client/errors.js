// The one error of the client. `code` is stable (PROTOCOL.md, section 7); `message` is for people.

/**
 * @typedef {{id: unknown, rev: number, doc: Record<string, unknown>}} Entry a document with its id and revision
 */

export class SyncError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{fields?: string[], current?: Entry}} [details]
   */
  constructor(code, message, details = {}) {
    super(message);
    this.name = 'SyncError';
    /** A stable code such as `not_found`, `conflict`, `invalid`, `indeterminate`. */
    this.code = code;
    /** The fields at fault, where there are such. */
    this.fields = details.fields ?? [];
    /** At a conflict: the document as it is now. */
    this.current = details.current;
  }

  /** @param {any} frame an `error` frame */
  static of(frame) {
    return new SyncError(frame.code, frame.message, frame);
  }
}
