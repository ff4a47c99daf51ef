// Collections, where browsers of the last years lack a function.

/**
 * Return items by their key, in the order of their first item. (`Map.groupBy` is from 2024.)
 *
 * @template T, K
 * @param {Iterable<T>} items
 * @param {(item: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
export function groupBy(items, keyOf) {
  /** @type {Map<K, T[]>} */
  const found = new Map();
  for (const item of items) {
    const key = keyOf(item), own = found.get(key);
    if (own) own.push(item); else found.set(key, [item]);
  }
  return found;
}
