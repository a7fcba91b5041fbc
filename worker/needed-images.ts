import type { RecipeBook } from '../contract/recipe';
import type { RunSubmission } from '../contract/spec';
import { LIVE_STATES } from '../contract/state';
import type { RunStore } from '../store/run-store';

const PAGE = 500;

export interface NeededImagesDeps {
  store: Pick<RunStore, 'listRuns'>;
  recipes: RecipeBook;
  /** What the schedules in Temporal submit. */
  scheduledRuns: () => Promise<RunSubmission[]>;
}

/**
 * Names and digests of the images of all runs that have not ended and of all schedules, paused or not. Rejects where the store
 * or Temporal does not say.
 */
export function createNeededImages({ store, recipes, scheduledRuns }: NeededImagesDeps): () => Promise<string[]> {
  return async () => {
    const scheduled = (await scheduledRuns()).map(
      ({ image, recipe }) => image ?? recipes.get(recipe ?? '')?.spec.image,
    );
    return [...new Set([...(await imagesOfRuns(store)), ...scheduled.filter((image) => image !== undefined)])];
  };
}

async function imagesOfRuns(store: Pick<RunStore, 'listRuns'>): Promise<string[]> {
  const state = [...LIVE_STATES];
  const images: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<RunStore['listRuns']>> = await store.listRuns({
      state,
      limit: PAGE,
      ...(cursor !== null && { cursor }),
    });
    for (const { image, imageDigest } of page.items) images.push(image, ...(imageDigest === null ? [] : [imageDigest]));
    cursor = page.next;
  } while (cursor !== null);
  return images;
}
