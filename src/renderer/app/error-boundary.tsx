/** Catches what a page throws while drawing, so that one broken page never takes the window with it. */
import { Component, type ReactNode } from 'react';
import type { Problem } from '../../shared/model/problem.ts';
import { PageBody } from '../ui/blocks.tsx';
import { ProblemCard } from '../ui/problem-card.tsx';

function drawingFailed(error: unknown): Problem {
  return {
    code: 'page-failed',
    title: 'This page could not be drawn',
    cause: 'That is a fault in Quayside. Your stack and your documents are not affected.',
    evidence: [error instanceof Error ? `${error.name}: ${error.message}` : String(error)],
    remedies: [{ action: 'retry', label: 'Draw the page again' }],
  };
}

// React has no other way to catch an error while drawing than a class.
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly problem: Problem | null }> {
  override state: { readonly problem: Problem | null } = { problem: null };
  static getDerivedStateFromError(error: unknown): { problem: Problem } {
    return { problem: drawingFailed(error) };
  }
  override render(): ReactNode {
    if (this.state.problem === null) return this.props.children;
    return (
      <PageBody>
        <ProblemCard
          problem={this.state.problem}
          canRun={() => true}
          onRemedy={() => this.setState({ problem: null })}
        />
      </PageBody>
    );
  }
}
