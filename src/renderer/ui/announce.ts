/** What a screen reader is told without moving the focus. One sentence at a time, the newest wins. */
import { create } from 'zustand';

export const useAnnouncement = create<{ text: string }>(() => ({ text: '' }));

export function announce(text: string): void {
  if (text !== '') useAnnouncement.setState({ text });
}
