/** Kept free for what hosts report. */
export const sql = '';
