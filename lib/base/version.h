/* The version of the programs, as `toll --version` and `tolld --version` say it. */
#ifndef TOLL_BASE_VERSION_H
#define TOLL_BASE_VERSION_H

#define TOLL_VERSION "0.1.0"

#endif
