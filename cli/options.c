#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 32 };

static const struct option *find(const struct option *const *lists, const char *name)
{
	for (; *lists != NULL; lists++) {
		for (const struct option *option = *lists; option->name != NULL; option++) {
			if (strcmp(option->name, name) == 0)
				return option;
		}
	}
	return NULL;
}

static const char *nearest(const struct option *const *lists, const char *name)
{
	const char *best = NULL;
	unsigned best_distance = TEXT_TYPO_MAX + 1;

	for (; *lists != NULL; lists++) {
		for (const struct option *option = *lists; option->name != NULL; option++) {
			unsigned distance = text_distance(text_of(name), text_of(option->name));

			/* The beginning of a name is meant to be it, however much is missing. */
			if (strlen(name) >= 2 && strncmp(name, option->name, strlen(name)) == 0)
				distance = 0;
			if (distance < best_distance) {
				best_distance = distance;
				best = option->name;
			}
		}
	}
	return best;
}

static int unknown(const struct option *const *lists, const char *name, struct fault *fault)
{
	const char *meant = nearest(lists, name);

	if (meant != NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "there is no option --%s; did you mean --%s?", name, meant);
	return fault_set(fault, FAULT_INVALID, "there is no option --%s here", name);
}

/* Takes "--name", or "--name=value" with *value_out set. */
static int split(const char *word, char name[NAME_BYTES_MAX + 1], const char **value_out,
                 struct fault *fault)
{
	const char *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);

	if (len > NAME_BYTES_MAX)
		return fault_set(fault, FAULT_INVALID, "there is no option --%.*s...",
		                 NAME_BYTES_MAX, word);
	memcpy(name, word, len);
	name[len] = '\0';
	*value_out = equals != NULL ? equals + 1 : NULL;
	return 0;
}

static bool may_repeat(const struct option *option)
{
	return option->value != NULL && strstr(option->value, " ...") != NULL;
}

static int take(struct options *options, const struct option *const *lists, const char *word,
                const char *next, bool *took_next, struct fault *fault)
{
	char name[NAME_BYTES_MAX + 1];
	const struct option *option;
	const char *value = NULL;
	int r = split(word, name, &value, fault);

	if (r < 0)
		return r;
	option = find(lists, name);
	if (option == NULL)
		return unknown(lists, name, fault);
	for (size_t i = 0; i < options->given_count; i++) {
		if (options->given[i].option == option && !may_repeat(option))
			return fault_set(fault, FAULT_INVALID, "--%s stands twice", name);
	}
	if (option->value == NULL && value != NULL)
		return fault_set(fault, FAULT_INVALID, "--%s takes no value", name);
	if (option->value != NULL && value == NULL) {
		if (next == NULL)
			return fault_set(fault, FAULT_INVALID, "--%s needs a value: --%s %s", name,
			                 name, option->value);
		if (strncmp(next, "--", 2) == 0)
			return fault_set(fault, FAULT_INVALID,
			                 "--%s needs a value, and %s is an option; a value that "
			                 "begins with two dashes is written --%s=%s",
			                 name, next, name, next);
		value = next;
		*took_next = true;
	}
	if (options->given_count == OPTIONS_MAX)
		return fault_set(fault, FAULT_RANGE, "more than %d options", OPTIONS_MAX);
	options->given[options->given_count].option = option;
	options->given[options->given_count++].value = value != NULL ? value : "";
	return 0;
}

int options_parse(struct options *options, const struct option *const *lists, int argc,
                  const char **argv, struct fault *fault)
{
	bool ended = false;

	*options = (struct options){ .words = argv };
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		bool took_next = false;
		int r;

		if (ended || word[0] != '-' || word[1] == '\0') {
			argv[options->word_count++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		if (strcmp(word, "-h") == 0)
			word = "--help";
		if (strcmp(word, "-o") == 0)
			word = "--output";
		if (word[1] != '-')
			return fault_set(fault, FAULT_INVALID,
			                 "there is no option %s; options are written --name", word);
		r = take(options, lists, word + 2, i + 1 < argc ? argv[i + 1] : NULL, &took_next,
		         fault);
		if (r < 0)
			return r;
		i += took_next;
	}
	return 0;
}

const char *options_value(const struct options *options, const char *name)
{
	for (size_t i = 0; i < options->given_count; i++) {
		if (strcmp(options->given[i].option->name, name) == 0)
			return options->given[i].value;
	}
	return NULL;
}

const char *options_nth(const struct options *options, const char *name, size_t nth)
{
	for (size_t i = 0; i < options->given_count; i++) {
		if (strcmp(options->given[i].option->name, name) == 0 && nth-- == 0)
			return options->given[i].value;
	}
	return NULL;
}

struct text options_text(const struct options *options, const char *name)
{
	return text_of(options_value(options, name));
}

bool options_flag(const struct options *options, const char *name)
{
	return options_value(options, name) != NULL;
}

int options_number(const struct options *options, const char *name, int64_t min, int64_t max,
                   int64_t otherwise, int64_t *out, struct fault *fault)
{
	const char *value = options_value(options, name);
	int64_t number = otherwise;

	if (value != NULL && (!text_int(text_of(value), &number) || number < min || number > max))
		return fault_set(fault, FAULT_INVALID,
		                 "--%s %s: a whole number from %lld to %lld is due", name, value,
		                 (long long)min, (long long)max);
	*out = number;
	return 0;
}
