/** Each fate in a plan as a word and an icon; the word always stands beside the icon. */
import {
  BadgeCheck,
  Check,
  CirclePlus,
  Download,
  Hammer,
  type LucideIcon,
  Play,
  RefreshCw,
  RotateCw,
  StepForward,
  Trash2,
  UserRoundX,
} from 'lucide-react';
import type { ContainerAction } from '../../../shared/model/plan.ts';
import type { Tone } from '../../ui/words.ts';

export interface Fate {
  readonly word: string;
  readonly icon: LucideIcon;
  readonly tone: Tone;
}

export const fates = {
  create: { word: 'Create', icon: CirclePlus, tone: 'good' },
  recreate: { word: 'Replace', icon: RefreshCw, tone: 'warn' },
  restart: { word: 'Restart', icon: RotateCw, tone: 'busy' },
  start: { word: 'Start', icon: Play, tone: 'busy' },
  unpause: { word: 'Unpause', icon: StepForward, tone: 'busy' },
  keep: { word: 'Unchanged', icon: Check, tone: 'idle' },
  done: { word: 'Done before', icon: BadgeCheck, tone: 'idle' },
  pull: { word: 'Pull', icon: Download, tone: 'busy' },
  build: { word: 'Build', icon: Hammer, tone: 'busy' },
  remove: { word: 'Remove', icon: Trash2, tone: 'bad' },
  orphan: { word: 'Left alone', icon: UserRoundX, tone: 'idle' },
} as const satisfies Readonly<Record<ContainerAction | 'pull' | 'build' | 'remove' | 'orphan', Fate>>;
