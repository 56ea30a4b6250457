/* How fast would the core of a household's month be as a bare loop in C, with nothing around it?
 *
 * Illness of each member, a choice of care for each episode, for each of two workers now and then one of eight kinds of work, income, product and savings,
 * what kin tell over six ties, and sums by place, with draws from a counter. No jobs that run out, trade, officials, prices, record or scenario: what the whole model costs more than this is what its
 * mechanisms and its record cost. Call: bare_loop HOUSEHOLDS MONTHS; it prints CPU seconds and a sum that keeps the compiler from leaving work out.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PLACES = 30, TIES = 6, MEMBERS = 5, WORKERS = 2, WORK = 8 };

static uint64_t mix(uint64_t state, uint64_t n) {
    uint64_t z = state + n * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static double uniform(uint64_t of_month, uint64_t uid, uint64_t slot) {
    return ((double)(mix(mix(of_month, uid + 1), slot + 1) >> 12) + 0.5) * 2.220446049250313e-16;
}

int main(int argc, char **argv) {
    const int households = argc > 1 ? atoi(argv[1]) : 2000, months = argc > 2 ? atoi(argv[2]) : 432;
    if (households < PLACES || months < 1) {
        fprintf(stderr, "call: bare_loop HOUSEHOLDS MONTHS, at least %d and 1\n", PLACES);
        return 2;
    }
    double *ability = calloc(households, sizeof *ability), *savings = calloc(households, sizeof *savings);
    double *mean = calloc(households, sizeof *mean), *opinion = calloc(households, sizeof *opinion), *heard = calloc(households, sizeof *heard);
    int *place = calloc(households, sizeof *place), *kin = calloc((size_t)households * TIES, sizeof *kin);
    int *activity = calloc((size_t)households * WORKERS, sizeof *activity);
    double sums[PLACES][5] = {{0}}, quality[PLACES], hours[PLACES], wage[PLACES][WORK], total = 0.0;
    if (!ability || !savings || !mean || !opinion || !heard || !place || !kin || !activity) return 1;
    for (int w = 0; w < PLACES; w++) {
        quality[w] = 0.3 + 0.6 * uniform(1, w, 0);
        hours[w] = 0.5 + 6.0 * uniform(1, w, 1);
        for (int k = 0; k < WORK; k++) wage[w][k] = 50.0 + 100.0 * uniform(1, w, 2 + k);
    }
    for (int i = 0; i < households; i++) {
        place[i] = (int)((long long)i * PLACES / households);
        ability[i] = 0.5 + uniform(2, i, 0);
        mean[i] = 60.0;
        for (int e = 0; e < TIES; e++) kin[i * TIES + e] = (int)(uniform(3, i, e) * households);
    }
    const clock_t begun = clock();
    for (int month = 0; month < months; month++) {
        const uint64_t now = mix(7, (uint64_t)month + 1);
        for (int i = 0; i < households; i++) {
            double told = 0.0;
            for (int e = 0; e < TIES; e++) told += opinion[kin[i * TIES + e]];
            heard[i] = told / TIES;
        }
        for (int i = 0; i < households; i++) {
            const int w = place[i];
            int ill = 0, treated = 0;
            for (int k = 0; k < MEMBERS; k++) ill += uniform(now, i, k) < 0.14;
            for (int k = 0; k < ill; k++) {
                const double here = exp(2.0 * quality[w] - 0.3 * hours[w]), across = exp(1.5 + heard[i] - 0.2 * hours[w]);
                treated += uniform(now, i, 10 + k) * (1.0 + here + across) >= 1.0;
            }
            double income = -2.0 * treated, product = 0.0;
            int across = 0;
            for (int a = 0; a < WORKERS; a++) {
                int *does = &activity[i * WORKERS + a];
                if (uniform(now, i, 20 + a) < 0.15) {
                    double value[WORK], all = 0.0;
                    for (int k = 0; k < WORK; k++) {
                        const double pay = log(wage[w][k] * ability[i]) - 0.05 * hours[w] - (k > 4 ? 1.0 - heard[i] : 0.0);
                        all += value[k] = exp(2.5 * (pay - 4.0));
                    }
                    double at = uniform(now, i, 30 + a) * all;
                    int k = 0;
                    while (k < WORK - 1 && at >= value[k]) at -= value[k++];
                    *does = k;
                }
                const double earned = wage[w][*does] * (*does ? ability[i] : exp(0.4 * log(ability[i])));
                income += earned;
                product += *does > 4 ? 0.0 : 2.0 * earned;
                across += *does > 4;
            }
            savings[i] += income - mean[i];
            mean[i] += 0.08 * (income - mean[i]);
            if (ill) opinion[i] += 0.1 * ((double)treated / ill - opinion[i]);
            sums[w][0] += income;
            sums[w][1] += ill;
            sums[w][2] += treated;
            sums[w][3] += across;
            sums[w][4] += product;
        }
    }
    const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    for (int w = 0; w < PLACES; w++) total += sums[w][0] + sums[w][1] + sums[w][2] + sums[w][3] + sums[w][4];
    for (int i = 0; i < households; i++) total += savings[i];
    printf("%.6f %.6f\n", seconds, total);
    return 0;
}
