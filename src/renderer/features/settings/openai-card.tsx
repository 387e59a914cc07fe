/** How a program that speaks as OpenAI's clients do asks the documents, ready to be copied. */
import { type ReactNode, useState } from 'react';
import { useLive } from '../../app/live-store.ts';
import { Card } from '../../ui/blocks.tsx';
import { Choice } from '../../ui/choice.tsx';
import { CodeBlock } from '../../ui/code-block.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import css from './access.module.css';
import { examples } from './access-words.ts';
import { Row } from './fields.tsx';

export function OpenAiCard(): ReactNode {
  const backendUrl = useLive((state) => state.stack?.backendUrl ?? null);
  const [language, setLanguage] = useState<'shell' | 'python'>('shell');
  if (backendUrl === null) {
    return (
      <Card title="Ask from another program">
        <p className={css.text}>The backend is not published on this machine, so no program can reach it from here.</p>
      </Card>
    );
  }
  const baseUrl = `${backendUrl}/openai/v1`;
  return (
    <Card title="Ask from another program">
      <p className={css.text}>
        Whatever speaks to OpenAI can ask your documents instead: give it this base URL and a key that may ask. Answers
        cite their passages; programs find them under “rag_sources”.
      </p>
      <Row title="Base URL">
        <CopyButton text={baseUrl} label="Copy the base URL" mono>
          {baseUrl}
        </CopyButton>
      </Row>
      <Row title="Model" text="“quayside” asks the default knowledge base, “quayside:NAME” the one of that name.">
        <CopyButton text="quayside" label="Copy the model’s name" mono>
          quayside
        </CopyButton>
      </Row>
      <div className={css.example}>
        <Choice
          label="Example for"
          value={language}
          options={[
            { value: 'shell', label: 'Shell' },
            { value: 'python', label: 'Python' },
          ]}
          onChange={setLanguage}
        />
        <CodeBlock title="Example" text={examples(baseUrl)[language]} copyLabel="Copy the example" />
      </div>
    </Card>
  );
}
