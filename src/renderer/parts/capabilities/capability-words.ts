/** The optional parts of the stack in words: what each is for, and what it costs. */
import type { Capability } from '../../../shared/model/workflows.ts';
import type { Said } from '../../ui/words.ts';

interface Words {
  readonly title: string;
  readonly purpose: string;
  /** Memory at most, and what the first start has to get. */
  readonly cost: string;
}

export const capabilityWords: Readonly<Record<Capability['name'], Words>> = {
  n8n: {
    title: 'Workflows (n8n)',
    purpose:
      'Adds documents by webhook, keeps folders and pages up to date by the clock, reads stale documents again at night and warns when something fails. You can build workflows of your own in its editor.',
    cost: 'Up to 1 GB of memory. Its image is large, about 1.1 GB; where it has to be built, the first start takes several minutes.',
  },
  llm: {
    title: 'Language model of the stack',
    purpose:
      'A small language model that runs on this machine’s processor. It words answers without sending anything anywhere; larger models word them better.',
    cost: 'Up to 1.5 GB of memory and much of the processor while it writes. Its image is a few hundred MB.',
  },
  gateway: {
    title: 'Gateway',
    purpose:
      'nginx in front of the backend and the embedding, so that each of them can run more than once and one of them may fail unseen.',
    cost: 'Up to 128 MB of memory. Its image is small.',
  },
};

/** What runs may differ from what is chosen until the next start. */
export function capabilitySaid({ on, applied }: Pick<Capability, 'on' | 'applied'>): Said {
  if (on) return applied ? { word: 'On', tone: 'good' } : { word: 'On from the next start', tone: 'warn' };
  return applied ? { word: 'Off from the next start', tone: 'warn' } : { word: 'Off', tone: 'idle' };
}

export const isPending = ({ on, applied }: Pick<Capability, 'on' | 'applied'>): boolean => on !== applied;
