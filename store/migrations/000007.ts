/** Which execution of its workflow a run was reported by: one that begins anew, as after a reset, counts anew as well. */
export const sql = `
-- Null until one has told which it is.
ALTER TABLE runs ADD COLUMN execution TEXT;
-- What is added to the numbers of its events, which go on after those of the execution before; null until it tells one.
ALTER TABLE runs ADD COLUMN event_shift INTEGER DEFAULT 0;
`;
