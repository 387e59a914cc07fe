/** Who may see what, as SQL. Every query on somebody's data goes through one of these. */

/** Knowledge bases that a user may read. @param user the placeholder of the user's id, as `$1` */
export const readableKbs = (user: string): string =>
  `(select id from knowledge_bases where owner_id = ${user} and deleted_at is null
    union all select m.kb_id from kb_members m join knowledge_bases k on k.id = m.kb_id and k.deleted_at is null
    where m.user_id = ${user})`;

/** Knowledge bases that a user may change documents of. */
export const writableKbs = (user: string): string =>
  `(select id from knowledge_bases where owner_id = ${user} and deleted_at is null
    union all select m.kb_id from kb_members m join knowledge_bases k on k.id = m.kb_id and k.deleted_at is null
    where m.user_id = ${user} and m.role = 'editor')`;
