/** Parallel calls that change something: none is left under way unseen when another fails. */

/**
 * As Promise.all, but ends only once all have: whoever tries again after a failure must not race with what is still
 * being made (two networks of one name, say).
 * @throws the first rejection in the order of the list
 */
export async function allSettled<T>(promises: Iterable<Promise<T>>): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
