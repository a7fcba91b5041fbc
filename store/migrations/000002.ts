/** Whether an attempt was a container or a local process. */
export const sql = `
ALTER TABLE attempts ADD COLUMN form TEXT NOT NULL DEFAULT 'container';
`;
