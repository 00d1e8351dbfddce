// Events, as small as they can be. A listener that throws harms neither the other listeners nor the emitter.

/** @typedef {(...args: any[]) => void} Listener */

export class Emitter {
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();

  /**
   * Calls `listener` at each `event`.
   * @param {string} event
   * @param {Listener} listener
   * @returns {() => void} takes the listener off again
   */
  on(event, listener) {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => this.off(event, listener);
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }

  /**
   * @param {string} event
   * @param {...unknown} args
   */
  emit(event, ...args) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        // Reported as if nobody had caught it, but after the emitter has finished its work.
        queueMicrotask(() => { throw error; });
      }
    }
  }
}
