import type { HostNotice, NoticeTopic } from '../contract/notice';
import { tellNotices } from './story';

/** What people must know of the newest attempt as long as it runs. */
export class NoticeBoard {
  private warning: string | null = null;
  /** What the host has to tell of the container now, by topic. */
  private readonly open = new Map<NoticeTopic, string>();

  /** A new attempt has nothing to tell but its own warning. */
  clear(warning: string | null = null): void {
    this.open.clear();
    this.warning = warning;
  }

  /** Takes what begins or is over with the container; what there is to say of it, or null where it is known already. */
  take({ topic, message }: HostNotice): string | null {
    const known = this.open.get(topic);
    if (known === (message ?? undefined)) return null;
    if (message === null) this.open.delete(topic);
    else this.open.set(topic, message);
    return message ?? `Over: ${known}`;
  }

  /** All of it as one text; null where there is nothing. */
  text(): string | null {
    return tellNotices(this.warning, this.open);
  }
}
