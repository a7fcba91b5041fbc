import type { Notification, SendNotificationInput } from '../contract/notification';

/** What is sent: the same bytes each time that a notification is tried, so that a receiver may compare them. */
export function bodyOf({ notification, target }: SendNotificationInput, publicUrl: string): string {
  const link = publicUrl === '' ? null : `${publicUrl}/v1/runs/${encodeURIComponent(notification.run.id)}`;
  return JSON.stringify(target.form === 'slack' ? { text: slackText(notification, link) } : { ...notification, link });
}

/** Slack cuts what is longer. */
const LONGEST_TEXT = 3_000;

function slackText({ run, ended, rule, at }: Notification, link: string | null): string {
  const attempt = ended === null || ended.message === run.message ? [] : [`Attempt ${ended.attempt}: ${ended.message}`];
  const lines = [
    `*${run.name}* is *${run.state}*${run.message === null ? '' : `: ${run.message}`}`,
    ...attempt,
    ...(ended?.hint == null ? [] : [ended.hint]),
    ...(rule === null ? [] : [`Rule: ${rule}`]),
    `${run.id}, attempt ${run.attempt}${run.host === null ? '' : ` on ${run.host}`}, ${at}`,
  ];
  const text = escaped(lines.join('\n')).slice(0, LONGEST_TEXT);
  return link === null ? text : `${text}\n<${link}|Show the run>`;
}

/** So that no text of a run becomes a link or calls a whole channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
