/*
 * own_tool.c - a tool of one's own: the assistant can say how long the queue at registration is.
 *
 *	ERLEAH_DATA=data ./own_tool "How long is the queue at registration?"
 */
#include <assistant.h>
#include <stdio.h>
#include <string.h>

/* The library offers the tool a question whose words its description or its name shares. */
static const char description[] = "How many minutes people wait in the queue at a desk now.";
static const char schema[] = "{\"type\":\"object\",\"additionalProperties\":false,"
			     "\"properties\":{\"query\":{\"type\":\"string\",\"maxLength\":2000}}}";

static int queue_time(void *user, const char *args_json, char **result_json)
{
	const int *minutes = user;
	char text[160];

	(void)args_json;
	snprintf(text, sizeof(text),
		 "{\"text\":\"The queue at registration takes about %d minutes now.\"}", *minutes);
	*result_json = strdup(text);
	return *result_json ? 0 : ASSISTANT_ENOMEM;
}

int main(int argc, char **argv)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_config *config = NULL;
	assistant *a = NULL;
	char *answer = NULL;
	int minutes = 7;
	int r = assistant_config_new(&config);

	if (!r)
		r = assistant_config_load_env(config, &err);
	if (!r)
		r = assistant_config_add_tool(config, "queue_time", description, schema, queue_time,
					      &minutes, &err);
	if (!r)
		r = assistant_open(&a, config, &err);
	if (!r)
		r = assistant_ask(a, NULL,
				  argc > 1 ? argv[1] : "How long is the queue at registration?",
				  NULL, 30000, &answer, &err);
	if (!r)
		puts(answer);
	else
		fprintf(stderr, "own_tool: %s\n", err.message);
	assistant_free(answer);
	assistant_close(a, 0);
	assistant_config_free(config);
	return r ? 1 : 0;
}
