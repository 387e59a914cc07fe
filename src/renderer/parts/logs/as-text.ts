/** Log lines as plain text for the clipboard: one line each, time in ISO form, no colours. */
import type { LogLine } from '../../../shared/model/telemetry.ts';
import { visibleText } from './ansi.ts';

export function asText(lines: readonly LogLine[]): string {
  return lines
    .map((line) => `${new Date(line.atMs).toISOString()} ${line.service} ${visibleText(line.text)}`)
    .join('\n');
}
