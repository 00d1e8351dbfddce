// Wire values: reading frames, freezing what the user hands in, applying patches, comparing.
// Members are only ever defined, never assigned by name, so that no key of a document can reach a prototype.

import { SyncError } from './errors.js';

/** @typedef {Record<string, unknown>} Doc */
/** @typedef {{kind: string, readonly?: boolean, facet?: boolean, optional?: boolean, nullable?: boolean}} Field */
/** @typedef {Record<string, Field>} Fields */

const HOSTILE = '__proto__';

/**
 * Reads one frame.
 * @param {string} text
 */
export function parse(text) {
  if (!text.includes(HOSTILE)) return JSON.parse(text);
  return JSON.parse(text, (key, value) => (key === HOSTILE ? undefined : value));
}

/**
 * What `value` becomes on the wire, cut loose from the caller's objects: dates become RFC 3339 strings, BigInts decimal
 * strings; a number that JSON cannot say is refused by name.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function wire(value) {
  const text = JSON.stringify(value, (key, part) => {
    if (typeof part === 'bigint') return String(part);
    if (typeof part === 'number' && !Number.isFinite(part)) {
      throw new SyncError('invalid_value', `${key}: ${part} is not a finite number`, { fields: [key] });
    }
    return part;
  });
  return text === undefined ? value : parse(text);
}

/**
 * `doc` after `patch`, a new object. null and `{"$unset":true}` remove a member; null stays where it is a value.
 * @param {Doc} doc
 * @param {Doc} patch
 * @param {Fields} fields
 * @returns {Doc}
 */
export function patched(doc, patch, fields) {
  const members = new Map(Object.entries(doc));
  for (const [name, value] of Object.entries(patch)) {
    const nullable = Object.hasOwn(fields, name) && fields[name].nullable;
    if (isUnset(value) || (value === null && !nullable)) members.delete(name);
    else members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** @param {any} value */
function isUnset(value) {
  return typeof value === 'object' && value !== null && value.$unset === true;
}

/**
 * Deep equality of wire values; the order of members does not matter.
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length
    && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/** A random UUID. `crypto.randomUUID` exists on secure origins only; a page served over a plain LAN has none. */
export function uuid() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
