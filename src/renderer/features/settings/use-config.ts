/** The backend's settings, and changes to them that are refused when somebody else was faster. */
import { useCallback, useEffect, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import type { ConfigValue, RagConfig } from '../../../shared/model/rag-config.ts';
import { call } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';

export interface ConfigView {
  /** null until it was read once. */
  readonly config: RagConfig | null;
  readonly problem: Problem | null;
  readonly load: () => Promise<void>;
  /** null goes back to the default. Answers whether it was taken; if not, what holds now is read again. */
  readonly change: (changes: Record<string, ConfigValue>) => Promise<boolean>;
  readonly dismiss: () => void;
}

export function useConfig(enabled: boolean): ConfigView {
  const [config, setConfig] = useState<RagConfig | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = useCallback(async (): Promise<void> => {
    const answer = await call('config.get', {});
    if (answer.ok) setConfig(answer.value);
    else setProblem(answer.problem);
  }, []);
  useEffect(() => {
    if (enabled) void load();
  }, [enabled, load]);
  const revision = config?.revision ?? 0;
  const change = useCallback(
    async (changes: Record<string, ConfigValue>): Promise<boolean> => {
      const answer = await call('config.change', { changes, revision });
      setProblem(answer.ok ? null : answer.problem);
      if (answer.ok) {
        setConfig(answer.value);
        announce('Saved');
      } else await load();
      return answer.ok;
    },
    [revision, load],
  );
  return { config, problem, load, change, dismiss: () => setProblem(null) };
}
