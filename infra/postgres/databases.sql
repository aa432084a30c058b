-- Prefect keeps its own history in a database of its own.
CREATE DATABASE prefect;
