/** For tests of the window: how long what appears by and by is waited for. A second is little on a busy machine. */
import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 15_000 });
