"""Common first names, without those that are words: a name beside a health detail is somebody's."""

from __future__ import annotations

import re

_FIRST = """
Aaron Abigail Adam Adriana Agnes Ahmed Alan Albert Alejandro Alex Alexander Alexandra Alice Alicia Allison Amanda
Amelia Amy Ana Andrea Andrew Angela Anita Ann Anna Anne Annette Anthony Antonio Arthur Ashley Audrey Barbara
Beatrice Benjamin Bernard Beth Betty Beverly Bob Bonnie Brandon Brenda Brian Bruce Bryan Caitlin Camille Carl Carla
Carlos Carmen Carol Caroline Carolyn Catherine Cathy Charles Charlotte Cheryl Chris Christina Christine Christopher
Cindy Claire Colleen Connie Craig Cynthia Dan Daniel Danielle David Dawn Deborah Debra Denise Dennis Derek Diana
Diane Diego Donald Donna Doris Dorothy Doug Douglas Earl Ed Edith Edward Eileen Elaine Eleanor Elena Elizabeth Ellen
Emily Emma Eric Erica Erin Ethan Eugene Eva Evelyn Fatima Fernando Fiona Florence Frances Francisco Fred Gabriel
Gail Gary George Gerald Geraldine Gina Gladys Glenn Gloria Gordon Greg Gregory Hannah Harold Harriet Harry Heather
Heidi Helen Henry Howard Ian Ingrid Irene Isabel Jack Jackie Jacob Jacqueline Jake James Jamie Jane Janet Janice
Jason Javier Jean Jeff Jeffrey Jennifer Jenny Jeremy Jerry Jesse Jessica Jill Jim Joan Joanne Joe Joel John Johnny
Jonathan Jorge Jose Joseph Joshua Joyce Juan Judith Judy Julia Julian Julie Justin Karen Karl Kate Katherine
Kathleen Kathryn Kathy Katie Keith Kelly Ken Kenneth Kevin Kim Kimberly Kristen Kyle Larry Laura Lauren Lawrence
Leah Leonard Leslie Lillian Linda Lisa Lori Louis Louise Lucia Lucy Luis Lynn Madison Manuel Marcia Marcus Margaret
Maria Marie Marilyn Mario Marjorie Marlene Martha Martin Marvin Mary Matt Matthew Maureen Megan Melanie Melissa
Michael Michele Michelle Miguel Mike Mildred Mohamed Mohammed Monica Nancy Natalie Nathan Nicholas Nicole Nina Norma
Norman Olga Oliver Olivia Oscar Pamela Patricia Patrick Paul Paula Pauline Pedro Peggy Peter Philip Phillip Phyllis
Priya Rachel Ralph Raymond Rebecca Regina Renee Ricardo Richard Rita Robert Roberta Roger Ronald Rosa Rosemary Roy
Russell Ruth Ryan Sally Samantha Samuel Sandra Sara Sarah Scott Sean Sergio Sharon Shawn Sheila Shirley Simon Sofia
Sonia Sophia Stacy Stanley Stella Stephanie Stephen Steve Steven Stuart Susan Suzanne Sylvia Tamara Tammy Teresa
Terry Thelma Theresa Thomas Tiffany Tim Timothy Tina Todd Tom Tony Tracy Valerie Vanessa Veronica Victor Victoria
Vincent Virginia Vivian Walter Wanda Wayne Wendy William Yolanda Yvonne Zachary
"""
NAME = re.compile(
    r"(?<![\w.’'-])(?:"
    + "|".join(sorted(_FIRST.split(), key=len, reverse=True))
    + r")(?![\w’'-]*[-’'](?!s\b))\b"
    r"(?P<rest>(?: [A-Z][a-z]+(?:-[A-Z][a-z]+)?| [A-Z]\.)*)"
)
"""A first name and what of a name follows it."""
TITLED = re.compile(
    r"(?:Dr|Drs|Prof|Professor|Doctor|Sir|Saint|St|Senator|President|Judge|Justice|Mr|Nurse)\.?\s*(?:[A-Z][\w.]*\s)*$"
)
CREDENTIAL = re.compile(r"^,?\s*(?:MD|M\.D\.|DO|PhD|Ph\.D\.|RN|PT|DPT|MPH|FRCP|PsyD|PharmD|NP|PA-C)\b")
