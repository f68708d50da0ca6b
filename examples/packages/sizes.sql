-- Sizes by section: each section's share, the running share from the largest section on, and its
-- largest package; then the three largest packages of the largest sections.
WITH section AS (
  SELECT section, count(*) AS packages, sum(installed_kib) AS kib,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY installed_kib) AS median_kib
  FROM package GROUP BY section
), largest AS (
  SELECT DISTINCT ON (section) section, name, installed_kib
  FROM package ORDER BY section, installed_kib DESC NULLS LAST, name
)
SELECT rank() OVER (ORDER BY s.kib DESC NULLS LAST) AS place, s.section, s.packages,
       round(s.kib / 1024) AS mib, s.median_kib,
       round(100 * s.kib / sum(s.kib) OVER (), 2) AS percent,
       round(100 * sum(s.kib) OVER (ORDER BY s.kib DESC NULLS LAST, s.section)
             / sum(s.kib) OVER (), 2) AS running,
       l.name AS largest, round(100.0 * l.installed_kib / s.kib, 1) AS of_section
FROM section s JOIN largest l USING (section)
ORDER BY place, s.section;

SELECT section, place, name, installed_kib, smaller_by, share
FROM (
  SELECT section, name, installed_kib,
         row_number() OVER size AS place,
         lag(installed_kib) OVER size - installed_kib AS smaller_by,
         round(100.0 * installed_kib / sum(installed_kib) OVER (PARTITION BY section), 2) AS share,
         sum(installed_kib) OVER (PARTITION BY section) AS total
  FROM package
  WHERE installed_kib IS NOT NULL
  WINDOW size AS (PARTITION BY section ORDER BY installed_kib DESC, name)
) ranked
WHERE place <= 3
ORDER BY total DESC, section, place
LIMIT 30;
