/** What the person chose about the panel itself (not about an environment). Kept in electron-store. */
import { z } from 'zod';

export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  /** Engine endpoint; empty means discover. */
  engine: z.string().max(500),
  /** Log lines asked of the engine when the page opens. */
  logTail: z.int().min(10).max(10_000),
  /** Seconds of live figures shown. */
  metricsWindowS: z.int().min(60).max(900),
  reduceMotion: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = {
  theme: 'system',
  engine: '',
  logTail: 1000,
  metricsWindowS: 300,
  reduceMotion: false,
};
