import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../shared/model/problem.ts';
import { ProblemCard } from './problem-card.tsx';

afterEach(cleanup);

const taken: Problem = {
  code: 'port-taken',
  title: 'Port 7420 is taken',
  cause: 'node (process 4182) listens there.',
  evidence: ['\u001b[31mbind: address already in use\u001b[0m'],
  remedies: [
    { action: 'use-port', label: 'Use port 7421 instead', service: 'backend', port: 7421 },
    { action: 'advice', label: 'Or end the other program' },
  ],
};

describe('ProblemCard', () => {
  it('has a button for what can be done and words for the rest', () => {
    const onRemedy = vi.fn();
    render(<ProblemCard problem={taken} canRun={(remedy) => remedy.action !== 'advice'} onRemedy={onRemedy} />);
    fireEvent.click(screen.getByRole('button', { name: 'Use port 7421 instead' }));
    expect(onRemedy).toHaveBeenCalledWith(taken.remedies[0]);
    expect(screen.queryByRole('button', { name: 'Or end the other program' })).toBeNull();
    expect(screen.getByText('Or end the other program')).toBeTruthy();
  });

  it('shows the evidence on request, without its colours', () => {
    render(<ProblemCard problem={taken} canRun={() => true} onRemedy={() => undefined} />);
    const evidence = screen.getByText('bind: address already in use');
    expect(evidence.closest('[hidden]')).not.toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Show details' }));
    expect(evidence.closest('[hidden]')).toBeNull();
  });
});
