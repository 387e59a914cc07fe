/** Compose projects beside the bundled stack: the list, and one project at a time. A compose file can be dropped anywhere. */
import { type ReactNode, useEffect } from 'react';
import { useLive } from '../../app/live-store.ts';
import { useNavigation } from '../../app/navigation.ts';
import { EngineMissing, PageLoading } from '../../app/page-states.tsx';
import { DropZone } from '../../ui/drop-zone.tsx';
import { lookAgain, openDropped } from './open-project.ts';
import { StackDetail } from './stack-detail.tsx';
import { StackList } from './stack-list.tsx';

export function StacksPage(): ReactNode {
  const engine = useLive((state) => state.engine);
  const stacks = useLive((state) => state.stacks);
  const broken = useLive((state) => state.stacksProblem !== null);
  const id = useNavigation((state) => state.stack);

  useEffect(() => {
    let close = lookAgain();
    const again = (): void => {
      close();
      close = lookAgain();
    };
    window.addEventListener('focus', again);
    return () => {
      close();
      window.removeEventListener('focus', again);
    };
  }, []);

  if (engine === null || engine.state === 'connecting') return <PageLoading label="Looking for projects" />;
  if (engine.state !== 'ready') return <EngineMissing engine={engine} />;
  if (stacks === null && !broken) return <PageLoading label="Looking for projects" />;
  return (
    <DropZone
      title="Drop to open the project"
      text="A compose file, or the folder that holds it"
      onFiles={(files) => void openDropped(files)}
    >
      {id === null ? <StackList /> : <StackDetail key={id} id={id} />}
    </DropZone>
  );
}
