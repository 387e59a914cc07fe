/** Whose headings are asked: manuals and FAQs in Debian packages. */

export interface Manual {
  readonly name: string;
  /** Of Debian. */
  readonly package: string;
  /** Folder of its pages in the package, and which of the files below it are pages. */
  readonly folder: string;
  readonly pages: RegExp;
  /** Its questions are asked, but it is not read in: nothing there can answer them. */
  readonly leftOut?: true;
  /** Of its pages one in so many, where it is only there to be told apart from the others. */
  readonly oneIn?: number;
  /** Nothing was tuned with its questions: they are asked after the others, when its pages have been read in as well. */
  readonly confirming?: true;
}

export const manuals: readonly Manual[] = [
  {
    name: 'perl',
    package: 'perl-doc',
    folder: 'usr/share/perl',
    pages: /\/perl(faq\d|unifaq|sub|data|open|re|mod|obj|op|syn|style|trap)\.pod$/,
  },
  {
    name: 'python',
    package: 'python3.11-doc',
    folder: 'usr/share/doc/python3.11/html',
    pages: /html\/(faq|library|tutorial|howto)\/[a-z0-9._-]+\.html$/,
    oneIn: 8,
  },
  { name: 'debian', package: 'debian-faq', folder: 'usr/share/doc/debian/FAQ', pages: /\.en\.html$/ },
  {
    name: 'git',
    package: 'git-doc',
    folder: 'usr/share/doc/git-doc',
    pages: /git-doc\/git[a-z0-9-]*\.html$/,
    oneIn: 3,
  },
  { name: 'borg', package: 'borgbackup-doc', folder: 'usr/share/doc/borgbackup/html', pages: /\.html$/ },
  {
    name: 'sqlite',
    package: 'sqlite3-doc',
    folder: 'usr/share/doc/sqlite3',
    pages: /sqlite3\/[a-z0-9_]+\.html$/,
    oneIn: 10,
  },
  { name: 'apache', package: 'apache2-doc', folder: 'usr/share/doc/apache2-doc/manual/en', pages: /\.html$/, oneIn: 3 },
  { name: 'zsh', package: 'zsh-doc', folder: 'usr/share/doc/zsh-common/html', pages: /FAQ\d+\.html$/ },
  {
    name: 'postgresql',
    package: 'postgresql-doc-15',
    folder: 'usr/share/doc/postgresql-doc-15/html',
    pages: /\.html$/,
    oneIn: 4,
  },
  {
    name: 'django',
    package: 'python-django-doc',
    folder: 'usr/share/doc/python-django-doc/html/faq',
    pages: /\.html$/,
    leftOut: true,
  },
  { name: 'fetchmail', package: 'fetchmail', folder: 'usr/share/doc/fetchmail', pages: /\.html$/, leftOut: true },
  { name: 'r', package: 'r-doc-html', folder: 'usr/share/R/doc/manual', pages: /FAQ\.html$/, leftOut: true },
  // The confirming set. What is read in and what is left out was settled by subject and number of questions alone.
  {
    name: 'privoxy',
    package: 'privoxy',
    folder: 'usr/share/doc/privoxy',
    pages: /privoxy\/(faq|user-manual)\/[a-z-]+\.html$/,
    oneIn: 2,
    confirming: true,
  },
  {
    name: 'shorewall',
    package: 'shorewall-doc',
    folder: 'usr/share/doc/shorewall-doc/html',
    // Those in other languages end in `_fr`, `_ru`.
    pages: /html\/[A-Za-z0-9_.-]+(?<!_[a-z]{2})\.html?$/,
    oneIn: 4,
    confirming: true,
  },
  { name: 'putty', package: 'putty-doc', folder: 'usr/share/doc/putty-doc', pages: /\.html$/, confirming: true },
  {
    name: 'phpmyadmin',
    package: 'phpmyadmin',
    folder: 'usr/share/doc/phpmyadmin/html',
    pages: /\.html$/,
    confirming: true,
  },
  {
    name: 'nut',
    package: 'nut-doc',
    folder: 'usr/share/doc/nut-doc/html',
    pages: /html\/(FAQ|user-manual\/[a-z0-9]+)\.html$/,
    oneIn: 2,
    confirming: true,
  },
  {
    name: 'celery',
    package: 'python-celery-doc',
    folder: 'usr/share/doc/python-celery-doc/html',
    pages: /html\/(faq|(getting-started|userguide)\/[a-z/-]+)\.html$/,
    oneIn: 2,
    confirming: true,
  },
  {
    name: 'mplayer',
    package: 'mplayer-doc',
    folder: 'usr/share/doc/mplayer/HTML/en',
    pages: /\.html$/,
    oneIn: 3,
    confirming: true,
  },
  {
    name: 'zoneminder',
    package: 'zoneminder-doc',
    folder: 'usr/share/doc/zoneminder-doc/html',
    pages: /\.html$/,
    confirming: true,
  },
  {
    name: 'fontforge',
    package: 'fontforge-doc',
    folder: 'usr/share/doc/fontforge',
    pages: /(?<!\/old\/.*)\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'xboard',
    package: 'xboard',
    folder: 'usr/share/doc/xboard',
    pages: /FAQ\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'avr-libc',
    package: 'avr-libc',
    folder: 'usr/share/doc/avr-libc/avr-libc-user-manual',
    pages: /FAQ\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'hugin',
    package: 'hugin-data',
    folder: 'usr/share/hugin/xrc/data/help_en_EN',
    // Not what it says about scripts: Python's manual is read in.
    pages: /\/Hugin_FAQ\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'keepass',
    package: 'keepass2-doc',
    folder: 'usr/share/doc/keepass2/Chm/help',
    pages: /\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'gammu',
    package: 'gammu-doc',
    folder: 'usr/share/doc/gammu/html',
    pages: /\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'argyll',
    package: 'argyll-doc',
    folder: 'usr/share/doc/argyll-doc',
    pages: /\.html$/,
    leftOut: true,
    confirming: true,
  },
  {
    name: 'sailcut',
    package: 'sailcut-doc',
    folder: 'usr/share/doc/sailcut/html/en',
    pages: /\.html$/,
    leftOut: true,
    confirming: true,
  },
];

export const packagesNeeded = [...new Set(manuals.map((manual) => manual.package))];
