/*
 * ask.c - one question, one answer.
 *
 *	ERLEAH_DATA=data ./ask "Where is lunch?"
 */
#include <assistant.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_config *config = NULL;
	assistant *a = NULL;
	char *answer = NULL;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: ask QUESTION\n");
		return 2;
	}
	r = assistant_config_new(&config);
	if (!r)
		r = assistant_config_load_env(config, &err);
	if (!r)
		r = assistant_open(&a, config, &err);
	if (!r)
		r = assistant_ask(a, NULL, argv[1], NULL, 30000, &answer, &err);
	if (!r)
		puts(answer); /* JSON: text, references, outcome */
	else
		fprintf(stderr, "ask: %s\n", err.message);
	assistant_free(answer);
	assistant_close(a, 0);
	assistant_config_free(config);
	return r ? 1 : 0;
}
