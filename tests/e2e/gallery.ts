/** Pictures of pages in both themes and two sizes, kept under the git-ignored artifacts folder. */
import { join } from 'node:path';
import { expect } from 'playwright/test';
import { root } from './cli.ts';
import type { Panel } from './fixture.ts';

const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
] as const;

/**
 * Leaves the window at 1280x800 with the system's theme. Also asserts that no page scrolls sideways. With `stay` the
 * page is taken as it is shown right now: a page that has places of its own would begin anew.
 */
export async function takeGallery(
  { app, page }: Panel,
  pages: readonly string[],
  label: string,
  { stay = false }: { readonly stay?: boolean } = {},
): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await page.evaluate((chosen) => window.quayside.call('settings.set', { theme: chosen }), theme);
    await page.emulateMedia({ colorScheme: theme });
    for (const { width, height } of sizes) {
      await app.evaluate(
        ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
        { width, height },
      );
      await expect.poll(() => page.evaluate(() => window.innerWidth)).toBe(width);
      for (const name of pages) {
        const drawer = page.getByRole('dialog');
        if (!stay && !(await drawer.isVisible())) {
          await page
            .getByRole('navigation', { name: 'Pages' })
            .getByRole('link', { name: new RegExp(`^${name}`, 'i') })
            .click();
          await expect(page.getByRole('main', { name: new RegExp(name, 'i') })).toBeVisible();
        }
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        expect(sideways, `${name} at ${width}x${height} scrolls sideways`).toBe(false);
        await page.screenshot({
          path: join(root, 'artifacts', 'screenshots', `${name}-${label}-${theme}-${width}x${height}.png`),
          animations: 'disabled',
        });
      }
    }
  }
  await page.evaluate(() => window.quayside.call('settings.set', { theme: 'system' }));
  const { width, height } = sizes[0];
  await app.evaluate(
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
    { width, height },
  );
}
