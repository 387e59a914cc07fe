/** The labels by which everyone knows whose a container is: Docker Compose's own names, 2.26 to 5. */

export const projectLabel = 'com.docker.compose.project';
export const serviceLabel = 'com.docker.compose.service';
/** Replica number as text, from 1. */
export const numberLabel = 'com.docker.compose.container-number';
/** `True` on a container of `compose run`, `False` on every other. */
export const oneoffLabel = 'com.docker.compose.oneoff';
