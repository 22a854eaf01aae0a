/*
 * Inside lib/catalogue: the importer of genai-prices.
 *
 * genai_names.c gives models the names by which genai-prices finds them, genai_prices.c gives
 * them their prices, read_genai.c is the rest.
 */
#ifndef TOLL_CATALOGUE_GENAI_INTERNAL_H
#define TOLL_CATALOGUE_GENAI_INTERNAL_H

#include "catalogue/import.h"

struct genai_provider {
	struct text id;
	struct text prefix; /* of its models' names: "openai/"; empty with --provider */
};

struct genai_model {
	uint32_t node;
	size_t provider;
	struct text id, folded; /* folded: in small letters, as genai-prices compares */
	uint32_t id_node;
	struct draft_model *draft; /* NULL: it has no name that a book can have */
};

/* One condition on the name of a model, as a name or pattern of toll-pricebook(5). */
struct genai_clause {
	uint32_t node; /* its text */
	size_t model;
	struct text written, folded;
	bool exact;
	bool claim; /* only roughly what it says: not named so, but no other may be */
};

struct genai {
	struct catalogue_import *in;
	struct genai_provider *providers;
	size_t provider_count;
	struct genai_model *models;
	size_t model_count, model_cap;
	struct genai_clause *clauses;
	size_t clause_count, clause_cap;
};

/* -FAULT_NOMEM.  Models that stay without a draft are marked, with the reason. */
int genai_names(struct genai *g, struct fault *fault);
void genai_prices(struct genai *g, const struct genai_model *model);

/* A copy in small letters (of ASCII), in the draft. */
struct text genai_folded(struct genai *g, struct text t);

#endif
