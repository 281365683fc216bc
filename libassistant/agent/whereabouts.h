/*
 * whereabouts.h - where a building or a room of the site is, as far as the data says.
 */
#ifndef AGENT_WHEREABOUTS_H
#define AGENT_WHEREABOUTS_H

#include "agent/turn.h"

/* The page with the plan of the site that speaks of the first place of the question; NULL: none does. */
const struct info_page *whereabouts_page(struct turn *t);
/* Does the page of that key speak of it? */
bool whereabouts_page_has(struct turn *t, const char *key);
/*
 * Of turn->building {"name","rooms":["..."],"more":3,"stands":12}; of the room that is asked for {"building","floor"}, empty
 * where nothing says it: what a room's number seems to tell counts where the data speaks of that building.  Owned.
 */
struct json_object *whereabouts_building(struct turn *t);
struct json_object *whereabouts_room(struct turn *t);
/* Of turn->counted {"what":"rooms","n":31,"names":["..."]}: those that sessions have, the first by name.  Owned. */
struct json_object *whereabouts_counted(struct turn *t);
/* Of turn->no_place {"name","near":["..."]}: rooms that are called nearly so.  Owned. */
struct json_object *whereabouts_near(struct turn *t);

#endif
