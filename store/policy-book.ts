import { NO_POLICIES, policyBook, type PolicyBook } from '../contract/policy-book';
import type { PolicyReference } from '../contract/policy-reference';
import type { PolicyStore } from './policy-store';

/**
 * What the check of a submission needs of the named policies: the one that it refers to, or, where that cannot be had,
 * what there is instead. A submission that refers to none needs no store.
 *
 * @param options.alsoDeleted a version that is named by its number may be of a deleted policy: the run was accepted before.
 */
export async function readPolicyBook(
  store: PolicyStore,
  reference: PolicyReference | null,
  options: { alsoDeleted: boolean },
): Promise<PolicyBook> {
  if (reference === null) return NO_POLICIES;
  const found = await store.find(reference.name, reference.version);
  const isPinned = options.alsoDeleted && reference.version !== null;
  const usable = found !== null && (found.deletedAt === null || isPinned);
  return policyBook(usable ? [found] : await store.list());
}
