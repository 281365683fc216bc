/*
 * own_tool.h - tools that a program adds (assistant_config_add_tool).
 */
#ifndef TOOLS_OWN_TOOL_H
#define TOOLS_OWN_TOOL_H

#include "tools/tool.h"

struct own_tool {
	assistant_tool_fn *fn;
	void *user;
};

/* First step of a call; tool->user is the struct own_tool. */
void own_tool_run(struct flow *f);

#endif
